"""Training a row of the table into a directory: resumable at every epoch, bit for bit."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import torch

import cep_core
from cep_core.training.checkpoints import Checkpoint, latest, save
from cep_core.data.mnist import CLASSES, Dataset
from cep_core.training.engine import NUMERICS, EngineName
from cep_core.training.choose import ChosenEngine, make_engine
from cep_core.training.epochs import Samples, epoch_plan, error_rate, first_not_finite, train_epoch
from reproduce.terminal import progress
from reproduce.runs.directory import RunError, claim, finish, finished, hash_of, software
from reproduce.runs.row import Row
from reproduce.terminal import say

DTYPES = {"float32": torch.float32, "float64": torch.float64}
DeviceName = Literal["cpu", "cuda"]
Show = Literal["all", "epochs", "warnings"]
"""What a run says: everything, with progress within epochs; a line an epoch; only warnings."""


class DivergedError(ArithmeticError):
    """Training left the numbers: a parameter is no longer finite."""


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
        """Refuse a seed or device that cannot be used."""
        if not 0 <= self.seed < 2**63:
            raise RunError(f"seed: expected an integer from 0 to 2^63 - 1, found {self.seed}")
        if self.device == "cuda" and not torch.cuda.is_available():
            raise RunError("device: expected cpu, as PyTorch finds no CUDA device, found cuda")

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
    spec = request.row.as_json()
    del spec["epochs"], spec["title"]
    identity = {
        "spec": spec,
        "seed": request.seed,
        "data": data.sha256,
        "engine": engine,
        "device": request.device,
        "dtype": request.dtype,
        "version": cep_core.__version__,
        "numerics": NUMERICS,
    }
    return identity | ({"together": list(request.together)} if request.together else {})


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
    identity = identity_of(request, chosen.name, data)
    run = hash_of(identity)
    claim(folder, identity)
    done = finished(folder, run)
    if done is not None and done["epochs"] >= wanted:
        return done
    if chosen.note and show != "warnings":
        say(f"{row.name}: {chosen.note}")
    return _train(request, data, folder, chosen, identity, wanted, show)


def _train(
    request: Request,
    data: Dataset,
    folder: Path,
    chosen: ChosenEngine,
    identity: dict[str, Any],
    wanted: int,
    show: Show,
) -> dict[str, Any]:
    row, engine, run = request.row, chosen.engine, hash_of(identity)
    dtype, device = DTYPES[request.dtype], torch.device(request.device)
    history: dict[str, list[float]] = {"test_error": [], "train_error": [], "seconds": []}
    begun = 0
    checkpoint = latest(folder, run=run, warn=say)
    if checkpoint is not None:
        history, begun = checkpoint.record["history"], checkpoint.epoch
        engine.load({name: value.to(device) for name, value in checkpoint.parameters.items()})
        if show != "warnings":
            say(f"{row.name} seed {request.seed}: resumed after epoch {begun}")
    train_samples = Samples(data.train_images, data.train_labels).to(device)
    test_samples = Samples(data.test_images, data.test_labels).to(device)
    for epoch in range(begun + 1, wanted + 1):
        started = time.monotonic()
        plan = epoch_plan(
            seed=request.seed,
            epoch=epoch,
            samples=len(train_samples),
            batch=row.batch,
            positive_probability=row.positive_probability,
        )
        what = f"{row.name} seed {request.seed}: epoch {epoch}/{wanted}"
        with progress(what, len(train_samples), "image", quiet=show != "all") as advance:
            train_error = train_epoch(
                engine,
                train_samples,
                plan,
                batch=row.batch,
                classes=row.sizes[-1],
                dtype=dtype,
                progress=advance,
            )
        parameters = {name: value.cpu() for name, value in engine.parameters().items()}
        lost = first_not_finite(parameters)
        if lost is not None:
            raise DivergedError(
                f"{row.name} seed {request.seed} diverged in epoch {epoch}: {lost} is not finite; "
                f"{folder} keeps the epochs before. Likely causes: learning rates or beta too large"
            )
        history["test_error"].append(error_rate(engine, test_samples, dtype=dtype))
        history["train_error"].append(train_error)
        history["seconds"].append(round(time.monotonic() - started, 3))
        save(folder, Checkpoint(epoch, parameters, {"history": history}), run=run)
        if show != "warnings":
            say(
                f"{what}: test error {history['test_error'][-1]:.2f} %, training error "
                f"{train_error:.2f} % ({history['seconds'][-1]:.1f} s)"
            )
    return write_results(request, data, folder, identity, history, note=chosen.note)


def write_results(
    request: Request,
    data: Dataset,
    folder: Path,
    identity: dict[str, Any],
    history: dict[str, list[float]],
    *,
    note: str = "",
) -> dict[str, Any]:
    """Write the results of a run and the marker that vouches for them; return the results."""
    row, run = request.row, hash_of(identity)
    results = {
        "row": row.name,
        "title": row.title,
        "seed": request.seed,
        "hash": run,
        "epochs": len(history["test_error"]),
        "epochs_of_paper": row.epochs,
        **history,
        "data": {
            "name": data.name,
            "provenance": data.provenance,
            "train": len(data.train_labels),
            "test": len(data.test_labels),
            "sha256": data.sha256,
        },
        "engine": identity["engine"],
        "note": note,
        "software": software(),
        "identity": identity,
    }
    finish(folder, run, results)
    return results


def check_fit(row: Row, data: Dataset, epochs: int) -> None:
    """Refuse a number of epochs or a row that does not fit the data, by a :class:`RunError`."""
    if epochs < 1:
        raise RunError(f"epochs: expected a positive integer, found {epochs}")
    pixels = data.train_images.shape[1]
    if row.sizes[0] != pixels:
        raise RunError(f"{row.name}: sizes: expected {pixels} inputs, found {row.sizes[0]}")
    if row.sizes[-1] != CLASSES:
        raise RunError(f"{row.name}: sizes: expected {CLASSES} outputs, found {row.sizes[-1]}")
