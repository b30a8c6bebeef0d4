"""A training run is a directory: resumable at every epoch, never half-written.

``run.json`` holds the identity, ``checkpoint-*.safetensors`` the newest epochs, ``results.json``
the errors, and ``DONE`` the identity's hash and the results' digest.
"""

from __future__ import annotations

import hashlib
import json
import platform
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
import torch

import cep_core
from cep_core.checkpoints import Checkpoint, latest, save
from cep_core.data import CLASSES, Dataset
from cep_core.files import write_json, write_text
from cep_core.training import (
    NUMERICS,
    ChosenEngine,
    EngineName,
    Samples,
    epoch_plan,
    error_rate,
    first_not_finite,
    make_engine,
    train_epoch,
)
from reproduce.progress import progress
from reproduce.specs import Row
from reproduce.stages import say

DTYPES = {"float32": torch.float32, "float64": torch.float64}
DeviceName = Literal["cpu", "cuda"]


class RunError(ValueError):
    """A run that cannot start; the text names the directory or field and what was expected."""


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

    Raises:
        RunError: at construction, naming the field.

    """

    row: Row
    seed: int
    engine: EngineName = "fast"
    device: DeviceName = "cpu"
    dtype: str = "float32"

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
    return {
        "spec": spec,
        "seed": request.seed,
        "data": data.sha256,
        "engine": engine,
        "device": request.device,
        "dtype": request.dtype,
        "version": cep_core.__version__,
        "numerics": NUMERICS,
    }


def hash_of(identity: dict[str, Any]) -> str:
    """SHA-256 of an identity, hexadecimal."""
    return hashlib.sha256(json.dumps(identity, sort_keys=True).encode()).hexdigest()


def train(
    request: Request, data: Dataset, folder: Path, *, epochs: int | None = None
) -> dict[str, Any]:
    """Train until ``epochs`` epochs are done, from wherever the directory stands.

    Args:
        request: what to train.
        data: what to train it on.
        folder: the run's directory; made if there is none.
        epochs: how many in all; the row's own number unless given.

    Returns:
        The contents of ``results.json``; from disk, at once, if the run is already that long.

    Raises:
        RunError: the directory belongs to something else, or data and row do not fit.
        DivergedError: a parameter is not finite; the last sound epoch stays.

    """
    row = request.row
    wanted = row.epochs if epochs is None else epochs
    _check_fit(row, data, wanted)
    chosen = request.make_engine()
    identity = identity_of(request, chosen.name, data)
    run = hash_of(identity)
    _claim(folder, identity)
    done = _finished(folder, run)
    if done is not None and done["epochs"] >= wanted:
        return done
    if chosen.note:
        say(f"{row.name}: {chosen.note}")
    return _train(request, data, folder, chosen, identity, wanted)


def _train(
    request: Request,
    data: Dataset,
    folder: Path,
    chosen: ChosenEngine,
    identity: dict[str, Any],
    wanted: int,
) -> dict[str, Any]:
    row, engine, run = request.row, chosen.engine, hash_of(identity)
    dtype, device = DTYPES[request.dtype], torch.device(request.device)
    history: dict[str, list[float]] = {"test_error": [], "train_error": [], "seconds": []}
    begun = 0
    checkpoint = latest(folder, run=run, warn=say)
    if checkpoint is not None:
        history, begun = checkpoint.record["history"], checkpoint.epoch
        engine.load({name: value.to(device) for name, value in checkpoint.parameters.items()})
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
        with progress(what, len(train_samples), "image") as advance:
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
        say(
            f"{what}: test error {history['test_error'][-1]:.2f} %, training error "
            f"{train_error:.2f} % ({history['seconds'][-1]:.1f} s)"
        )
    return _finish(request, data, folder, chosen, identity, history)


def _finish(
    request: Request,
    data: Dataset,
    folder: Path,
    chosen: ChosenEngine,
    identity: dict[str, Any],
    history: dict[str, list[float]],
) -> dict[str, Any]:
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
        },
        "engine": chosen.name,
        "note": chosen.note,
        "software": software(),
        "identity": identity,
    }
    write_json(folder / "results.json", results)
    write_text(folder / "DONE", _done_marker(folder, run))
    return results


def software() -> dict[str, str]:
    """Versions and machine on which the bits of a run depend besides its identity."""
    return {
        "python": platform.python_version(),
        "torch": torch.__version__,
        "numpy": np.__version__,
        "machine": platform.machine(),
        "vector_instructions": torch.backends.cpu.get_cpu_capability(),
    }


def _check_fit(row: Row, data: Dataset, epochs: int) -> None:
    if epochs < 1:
        raise RunError(f"epochs: expected a positive integer, found {epochs}")
    pixels = data.train_images.shape[1]
    if row.sizes[0] != pixels:
        raise RunError(f"{row.name}: sizes: expected {pixels} inputs, found {row.sizes[0]}")
    if row.sizes[-1] != CLASSES:
        raise RunError(f"{row.name}: sizes: expected {CLASSES} outputs, found {row.sizes[-1]}")


def _claim(folder: Path, identity: dict[str, Any]) -> None:
    """Make the directory this run's own, or refuse it if it is anything else's."""
    path = folder / "run.json"
    if folder.exists() and not folder.is_dir():
        raise RunError(f"{folder}: expected a directory for the run, found a file")
    if path.exists():
        found = _read_json(path)
        if not isinstance(found, dict) or found.get("hash") != hash_of(identity):
            theirs = found.get("identity", {}) if isinstance(found, dict) else {}
            raise RunError(
                f"{folder} belongs to another run: {_differences(theirs, identity)}. "
                "Choose another --out, or ask for the run that it holds"
            )
        for leftover in folder.glob(".*-*"):  # of a process that was killed while writing
            leftover.unlink(missing_ok=True)
        return
    if folder.exists() and any(folder.iterdir()):
        raise RunError(f"{folder}: expected an empty directory or a run, found other files")
    write_json(path, {"hash": hash_of(identity), "identity": identity, "software": software()})


def _differences(theirs: dict[str, Any], ours: dict[str, Any]) -> str:
    """Say in which fields two identities differ, and how."""
    flat_theirs, flat_ours = (
        {key: value for key, value in identity.items() if key != "spec"} | identity.get("spec", {})
        for identity in (theirs, ours)
    )
    return "; ".join(
        f"{field} is {flat_theirs.get(field)!r} there, {flat_ours.get(field)!r} here"
        for field in sorted(flat_theirs.keys() | flat_ours.keys())
        if flat_theirs.get(field) != flat_ours.get(field)
    )


def _finished(folder: Path, run: str) -> dict[str, Any] | None:
    """Results of a run whose marker vouches for them; None if there is no such marker."""
    try:
        marker = (folder / "DONE").read_text(encoding="utf-8")
        if marker != _done_marker(folder, run):
            return None
    except (OSError, UnicodeDecodeError):
        return None
    results: dict[str, Any] = _read_json(folder / "results.json")
    return results


def _done_marker(folder: Path, run: str) -> str:
    digest = hashlib.sha256((folder / "results.json").read_bytes()).hexdigest()
    return f"run {run}\nresults {digest}\n"


def _read_json(path: Path) -> Any:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (ValueError, UnicodeDecodeError) as error:
        raise RunError(f"{path}: expected JSON, found something else ({error})") from None
