"""What a run records of every epoch, and of the code and machine that trained it."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import torch

from cep_core.data.mnist import Dataset
from cep_core.fields import number, plain, shown
from cep_core.phases import free_phase
from cep_core.training.checkpoints import Checkpoint, save
from cep_core.training.engine import parameters_in
from cep_core.training.epochs import as_input
from reproduce.provenance import processor, provenance_of_code
from reproduce.runs.directory import RunDirectory, software
from reproduce.runs.row import Row

MEASURED = 100
"""Images of the test set, the first, on which the residual is measured."""

KEPT = frozenset({0, 1, 2})
KEPT_EVERY = 5
"""Checkpoints that a run keeps, besides its newest: the first, and every so many epochs."""

DIGITS = 6
"""Significant digits of what is measured for a reader."""

ERRORS = ("test_error", "train_error", "seconds")
"""Columns of the history that every version records: percent, percent, seconds."""


def is_kept(epoch: int) -> bool:
    """Tell whether the checkpoint of an epoch is kept for measures taken afterwards."""
    return epoch in KEPT or epoch % KEPT_EVERY == 0


def residual_of(
    row: Row, data: Dataset, parameters: Mapping[str, torch.Tensor], dtype: torch.dtype
) -> float:
    """Largest change of any unit in the free phase's last transition, ``max |s_T - s_{T-1}|``.

    Measured with the definition on the first :data:`MEASURED` test images, at these parameters (on
    the CPU).
    """
    x = as_input(data.test_images[:MEASURED], dtype)
    return free_phase(row.network, x, dict(parameters), steps=row.free_steps).residual


def why_unfit(checkpoint: Checkpoint, state: Mapping[str, torch.Tensor]) -> str | None:
    """Say why a run with such a state cannot resume from a checkpoint, or return None."""
    found, expected = (
        {name: (str(value.dtype), *value.shape) for name, value in tensors.items()}
        for tensors in (checkpoint.parameters, state)
    )
    for name in sorted(found.keys() | expected.keys()):
        if found.get(name) != expected.get(name):
            return f"{plain(name)}: expected {expected.get(name)}, found {found.get(name)}"
    return _why_unfit_record(checkpoint.record, checkpoint.epoch)


def _why_unfit_record(record: Mapping[str, Any], epochs: int) -> str | None:
    history, segments = record.get("history"), record.get("provenance", [])
    norms = history.get("norms", {}) if isinstance(history, dict) else None
    if not isinstance(history, dict) or not isinstance(norms, dict):
        return "history: expected a column for every measure, found something else"
    finite = number()
    measured = {"residual": history.get("residual"), **norms}
    columns = {name: history.get(name) for name in ERRORS} | {
        name: column for name, column in measured.items() if column is not None
    }
    for name, column in columns.items():
        if not isinstance(column, list) or len(column) != epochs:
            count = len(column) if isinstance(column, list) else "none"
            return f"history: {plain(name)}: expected {epochs} numbers, found {count}"
        wrong = [v for v in column if not finite.admits(v) and (name in ERRORS or v is not None)]
        if wrong:
            return f"history: {plain(name)}: expected finite numbers, found {shown(wrong[0])}"
    if not isinstance(segments, list) or not all(
        isinstance(s, dict) and isinstance(s.get("first_epoch"), int) for s in segments
    ):
        return "provenance: expected segments with their first epochs, found something else"
    return None


def continued(segments: Sequence[Mapping[str, Any]], epoch: int) -> list[dict[str, Any]]:
    """Which code on which machine trained the epochs of a run that goes on here.

    Args:
        segments: of the epochs so far, each from its ``first_epoch`` on.
        epoch: the one from which the run goes on.

    Returns:
        Those that have begun by then, and this process, unless it is as the last of them.

    """
    now = {"code": provenance_of_code(), "processor": processor(), "software": software()}
    begun = [dict(s) for s in segments if s["first_epoch"] <= epoch]
    same = bool(begun) and {k: v for k, v in begun[-1].items() if k != "first_epoch"} == now
    return begun if same else [*begun, {"first_epoch": epoch + 1} | now]


class Recorder:
    """What is written of one run while it trains: checkpoints and results so far.

    Attributes:
        history: of every epoch: ``test_error`` and ``train_error`` in percent, ``seconds``,
            ``residual`` (:func:`residual_of`) and the Frobenius ``norms`` of the parameters by
            name; None where one is not finite, or an older version recorded none.

    """

    def __init__(
        self, place: RunDirectory, row: Row, data: Dataset, *, seed: int, note: str = ""
    ) -> None:
        """Record the run of ``row`` on ``data`` that owns ``place``."""
        self.place = place
        self.seed = seed
        self._row, self._data, self._note = row, data, note
        self.history: dict[str, Any] = {name: [] for name in (*ERRORS, "residual")}
        self._segments: list[dict[str, Any]] = []
        self._diverged: dict[str, Any] | None = None

    def begin(self, checkpoint: Checkpoint | None, state: Mapping[str, torch.Tensor]) -> None:
        """Continue from a checkpoint, or begin with this state and keep it as epoch 0."""
        names = parameters_in(state)
        if checkpoint is None:
            self.history["norms"] = {name: [] for name in names}
            self._segments = continued([], 0)
            self._save(0, state)
            return
        found, unknown = checkpoint.record["history"], [None] * checkpoint.epoch
        norms = found.get("norms", {})
        self.history = {name: found.get(name, list(unknown)) for name in (*ERRORS, "residual")}
        self.history["norms"] = {name: norms.get(name, list(unknown)) for name in names}
        before = {"code": None, "processor": None, "software": self.place.software}
        segments = checkpoint.record.get("provenance", [{"first_epoch": 1} | before])
        self._segments = continued(segments, checkpoint.epoch)

    def add(
        self,
        state: Mapping[str, torch.Tensor],
        *,
        test_error: float,
        train_error: float,
        seconds: float,
    ) -> None:
        """Write down an epoch that ended in ``state`` (on the CPU)."""
        parameters = parameters_in(state)
        dtype = next(iter(parameters.values())).dtype
        residual = residual_of(self._row, self._data, parameters, dtype)
        self.history["test_error"].append(test_error)
        self.history["train_error"].append(train_error)
        self.history["seconds"].append(round(seconds, 3))
        self.history["residual"].append(_rounded(residual))
        for name, value in parameters.items():
            self.history["norms"][name].append(_rounded(float(value.double().norm())))
        self._save(len(self.history["test_error"]), state)
        self._write_results()

    def diverge(self, parameter: str) -> None:
        """Write down that the next epoch ended with a parameter that is not finite."""
        self._diverged = {"epoch": len(self.history["test_error"]) + 1, "parameter": parameter}
        self._write_results()

    def finish(self) -> dict[str, Any]:
        """Write the results and the marker that vouches for them; return the results.

        Finished ones that are longer stay: a batched run is as long as its shortest.
        """
        done = self.place.finished()
        if done is not None and done["epochs"] > len(self.history["test_error"]):
            return done
        results = self._write_results()
        self.place.finish()
        return results

    def _save(self, epoch: int, state: Mapping[str, torch.Tensor]) -> None:
        record = {"history": self.history, "provenance": self._segments}
        checkpoint = Checkpoint(epoch, dict(state), record)
        self.place.ensure_held()
        save(self.place.folder, checkpoint, run=self.place.run, is_kept=is_kept)

    def _write_results(self) -> dict[str, Any]:
        row, data, identity = self._row, self._data, self.place.identity
        results = {
            "row": row.name,
            "title": row.title,
            "seed": self.seed,
            "hash": self.place.run,
            "epochs": len(self.history["test_error"]),
            "epochs_of_paper": row.epochs,
            **self.history,
            "diverged": self._diverged,
            "residual_over": f"the first {MEASURED} test images",
            "data": data.as_json() | {"train": len(data.train_labels[: row.samples])},
            "engine": identity["engine"],
            "note": self._note,
            "software": software(),
            "provenance": self._segments,
            "identity": identity,
        }
        self.place.write("results.json", results)
        return results


def _rounded(value: float) -> float | None:
    return float(f"{value:.{DIGITS}g}") if math.isfinite(value) else None
