"""Training a row of the table into a directory: resumable at every epoch, bit for bit."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import torch

from cep_core.data.mnist import CLASSES, Dataset
from cep_core.runs.directory import claimed, essence, results_in
from cep_core.runs.epochs import Alone, Show, train_epochs
from cep_core.runs.files import RunError
from cep_core.runs.record import Recorder
from cep_core.runs.row import Row
from cep_core.runs.subject import Subject, of_row
from cep_core.terminal import say
from cep_core.training.choose import ChosenEngine, make_engine
from cep_core.training.engine import NUMERICS, Engine, EngineName

DTYPES = {"float32": torch.float32, "float64": torch.float64}
DeviceName = Literal["cpu", "cuda"]


@dataclass(frozen=True)
class Request:
    """What is to be trained, and on what.

    Attributes:
        row: the specification.
        seed: of the initial parameters, the order of the samples and the signs of ``beta``.
        engine: ``"fast"``, or ``"reference"`` for the definition.
        device: ``"cpu"`` or ``"cuda"``.
        dtype: ``"float32"`` or ``"float64"``.
        together: all seeds of the batched run that this one is part of; none if it runs alone.

    Raises:
        RunError: at construction, naming the field.

    """

    row: Row
    seed: int
    engine: EngineName = "fast"
    device: DeviceName = "cpu"
    dtype: str = "float32"
    together: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        """Refuse a seed, a device or a strength that cannot be used."""
        if not 0 <= self.seed < 2**63:
            raise RunError(f"seed: expected an integer from 0 to 2^63 - 1, found {self.seed}")
        if self.device == "cuda" and not torch.cuda.is_available():
            raise RunError("device: expected cpu, as PyTorch finds no CUDA device, found cuda")
        steepest = max(self.row.learning_rates) / self.row.beta
        if steepest > torch.finfo(DTYPES[self.dtype]).max:
            raise RunError(
                f"beta: expected one such that rate / beta is a finite {self.dtype}, found "
                f"{self.row.beta} with rates up to {max(self.row.learning_rates)}"
            )

    def make_engine(self) -> ChosenEngine:
        """Make an engine that holds the initial parameters."""
        drawn = self.row.initial(self.seed, DTYPES[self.dtype])
        parameters = {name: value.to(self.device) for name, value in drawn.items()}
        return make_engine(
            self.engine,
            self.row.network,
            self.row.procedure,
            parameters,
            self.row.rates(parameters),
        )


def identity_of(request: Request, engine: EngineName, data: Dataset) -> dict[str, Any]:
    """Everything that the bits of a run depend on, on one machine; its length is not part of it.

    Args:
        request: what is trained.
        engine: the engine that in fact trains it.
        data: what it is trained on.

    """
    identity = {
        "spec": request.row.as_json(),
        "seed": request.seed,
        "data": data.sha256,
        "engine": engine,
        "device": request.device,
        "dtype": request.dtype,
        "numerics": NUMERICS,
    }
    together = {"together": list(request.together)} if request.together else {}
    return essence(identity | together)


def train(
    request: Request,
    data: Dataset,
    folder: Path,
    *,
    epochs: int | None = None,
    show: Show = "all",
) -> dict[str, Any]:
    """Train until ``epochs`` epochs are done, from wherever the directory stands.

    Args:
        request: what to train.
        data: what to train it on.
        folder: the run's directory; made if there is none.
        epochs: how many in all; the row's own number unless given.
        show: what is said meanwhile.

    Returns:
        The contents of ``results.json``; from disk, at once, if the run is already that long.

    Raises:
        RunError: the directory belongs to something else, or data and row do not fit.
        DivergedError: a parameter is not finite; the last sound epoch stays.

    """
    if request.together:
        seeds = ", ".join(map(str, request.together))
        raise RunError(f"seed {request.seed}: expected a run alone, found one of seeds {seeds}")
    row = request.row
    wanted = row.epochs if epochs is None else epochs
    check_fit(row, data, wanted)
    chosen = request.make_engine()
    return train_alone(
        chosen.engine,
        of_row(row),
        data,
        folder,
        identity_of(request, chosen.name, data),
        seed=request.seed,
        dtype=DTYPES[request.dtype],
        wanted=wanted,
        note=chosen.note,
        show=show,
    )


def train_alone(
    engine: Engine,
    subject: Subject,
    data: Dataset,
    folder: Path,
    identity: dict[str, Any],
    *,
    seed: int,
    dtype: torch.dtype,
    wanted: int,
    note: str = "",
    show: Show = "all",
) -> dict[str, Any]:
    """Train one network into a directory of its own, from wherever that stands.

    Args:
        engine: what learns, at its initial parameters.
        subject: what it is, for the loop and the record.
        data: what it is trained on.
        folder: the run's directory; made if there is none.
        identity: everything that the bits depend on, by :func:`identity_of` or another.
        seed: of the order of the samples and the signs of ``beta``.
        dtype: of the parameters.
        wanted: how many epochs in all.
        note: on the engine, said and recorded.
        show: what is said meanwhile.

    Returns:
        As :func:`train`.

    Raises:
        RunError: the directory belongs to something else.
        DivergedError: a parameter is not finite; the last sound epoch stays.

    """
    finished = results_in(folder, identity, wanted)
    if finished is not None:
        return finished
    with claimed(folder, identity) as place:
        if note and show != "warnings":
            say(f"{subject.name}: {note}")
        run = Recorder(place, subject, data, seed=seed, note=note)
        return train_epochs(Alone(engine), [run], subject, data, dtype, wanted, show=show)[0]


def check_fit(row: Row, data: Dataset, epochs: int) -> None:
    """Refuse a number of epochs or a row that does not fit the data, by a :class:`RunError`."""
    if epochs < 1:
        raise RunError(f"epochs: expected a positive integer, found {epochs}")
    found = len(data.train_labels)
    if row.samples is not None and row.samples > found:
        raise RunError(f"{row.name}: samples: expected at most {found}, found {row.samples}")
    pixels = data.train_images.shape[1]
    if row.sizes[0] != pixels:
        raise RunError(f"{row.name}: sizes: expected {pixels} inputs, found {row.sizes[0]}")
    if row.sizes[-1] != CLASSES:
        raise RunError(f"{row.name}: sizes: expected {CLASSES} outputs, found {row.sizes[-1]}")
