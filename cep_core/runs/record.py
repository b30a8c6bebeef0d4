"""What a run records of every epoch, and of the code and machine that trained it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import torch

from cep_core.data.mnist import Dataset
from cep_core.fields import Kind, number, optional, plain, sequence, shown
from cep_core.runs.directory import RunDirectory, software
from cep_core.runs.provenance import processor, provenance_of_code
from cep_core.runs.subject import Subject
from cep_core.training.checkpoints import Checkpoint, save
from cep_core.training.engine import parameters_in

KEPT = frozenset({0, 1, 2})
KEPT_EVERY = 5
"""Checkpoints that a run keeps, besides its newest: the first, and every so many epochs."""

ERRORS = ("test_error", "train_error", "seconds")
"""Columns of the history that every version records: percent, percent, seconds."""

ERROR: tuple[Kind[Any], ...] = (number(),)
MEASURE: tuple[Kind[Any], ...] = (optional(number()), sequence(optional(number())))
"""What an entry of these columns may be, and one of the others."""


def is_kept(epoch: int) -> bool:
    """Tell whether the checkpoint of an epoch is kept for measures taken afterwards."""
    return epoch in KEPT or epoch % KEPT_EVERY == 0


def why_unfit(
    checkpoint: Checkpoint, state: Mapping[str, torch.Tensor], *, measured_before: bool = False
) -> str | None:
    """Say why a run with such a state cannot resume from a checkpoint, or return None.

    Args:
        checkpoint: one of the run's.
        state: as the run begins with.
        measured_before: see :class:`cep_core.runs.subject.Subject`.

    """
    found, expected = (
        {name: (str(value.dtype), *value.shape) for name, value in tensors.items()}
        for tensors in (checkpoint.parameters, state)
    )
    for name in sorted(found.keys() | expected.keys()):
        if found.get(name) != expected.get(name):
            return f"{plain(name)}: expected {expected.get(name)}, found {found.get(name)}"
    return _why_unfit_record(checkpoint.record, checkpoint.epoch, int(measured_before))


def _why_unfit_record(record: Mapping[str, Any], epochs: int, before: int) -> str | None:
    history, segments = record.get("history"), record.get("provenance", [])
    if not isinstance(history, dict):
        return f"history: expected a column for every measure, found {shown(history)}"
    measured = flattened({n: column for n, column in history.items() if n not in ERRORS})
    columns = [(name, history.get(name), epochs, ERROR) for name in ERRORS]
    columns += [(name, column, epochs + before, MEASURE) for name, column in measured]
    for name, column, length, kinds in columns:
        if not isinstance(column, list) or len(column) != length:
            count = len(column) if isinstance(column, list) else "none"
            return f"history: {plain(name)}: expected {length} numbers, found {count}"
        wrong = [v for v in column if not any(kind.admits(v) for kind in kinds)]
        if wrong:
            return f"history: {plain(name)}: expected finite numbers, found {shown(wrong[0])}"
    if not isinstance(segments, list) or not all(
        isinstance(s, dict) and isinstance(s.get("first_epoch"), int) for s in segments
    ):
        return "provenance: expected segments with their first epochs, found something else"
    return None


def flattened(columns: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """Columns, and those in a table of them, by name."""
    for name, value in columns.items():
        if isinstance(value, dict):
            yield from ((f"{name}.{inner}", column) for inner, column in value.items())
        else:
            yield name, value


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
        history: columns: of every epoch ``test_error`` and ``train_error`` in percent and
            ``seconds``; and the subject's measures. None where an older version recorded none.

    """

    def __init__(
        self, place: RunDirectory, subject: Subject, data: Dataset, *, seed: int, note: str = ""
    ) -> None:
        """Record the run of ``subject`` on ``data`` that owns ``place``."""
        self.place = place
        self.seed = seed
        self._subject, self._data, self._note = subject, data, note
        self.history: dict[str, Any] = {}
        self._segments: list[dict[str, Any]] = []
        self._diverged: dict[str, Any] | None = None

    def begin(self, checkpoint: Checkpoint | None, state: Mapping[str, torch.Tensor]) -> None:
        """Continue from a checkpoint, or begin with this state and keep it as epoch 0."""
        now = self._subject.measures(self._data, parameters_in(state))
        before = self._subject.measured_before
        if checkpoint is None:
            self.history = {name: [] for name in ERRORS} | _empty(now)
            if before:
                _append(self.history, now)
            self._segments = continued([], 0)
            self._save(0, state)
            return
        found, unknown = checkpoint.record["history"], [None] * (checkpoint.epoch + before)
        self.history = {name: found[name] for name in ERRORS} | _resumed(now, found, unknown)
        older = {"code": None, "processor": None, "software": self.place.software}
        segments = checkpoint.record.get("provenance", [{"first_epoch": 1} | older])
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
        errors = (test_error, train_error, round(seconds, 3))
        measured = self._subject.measures(self._data, parameters_in(state))
        _append(self.history, dict(zip(ERRORS, errors, strict=True)) | measured)
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
        subject, data, identity = self._subject, self._data, self.place.identity
        results = {
            "row": subject.name,
            "title": subject.title,
            "seed": self.seed,
            "hash": self.place.run,
            "epochs": len(self.history["test_error"]),
            "epochs_of_paper": subject.epochs,
            **self.history,
            "diverged": self._diverged,
            **subject.measured_over,
            "data": data.as_json() | {"train": len(data.train_labels[: subject.samples])},
            "engine": identity["engine"],
            "note": self._note,
            "software": software(),
            "provenance": self._segments,
            "identity": identity,
        }
        self.place.write("results.json", results)
        return results


def _empty(measured: Mapping[str, Any]) -> dict[str, Any]:
    """A column for every measure, tables of measures inside."""
    return {n: _empty(value) if isinstance(value, dict) else [] for n, value in measured.items()}


def _append(columns: dict[str, Any], measured: Mapping[str, Any]) -> None:
    for name, value in measured.items():
        if isinstance(value, dict):
            _append(columns[name], value)
        else:
            columns[name].append(value)


def _resumed(measured: Mapping[str, Any], found: Any, unknown: list[None]) -> dict[str, Any]:
    """The columns that are there, those of unknown entries for what an older version left out."""
    columns: dict[str, Any] = {}
    for name, value in measured.items():
        column = found.get(name) if isinstance(found, dict) else None
        if isinstance(value, dict):
            columns[name] = _resumed(value, column, unknown)
        else:
            columns[name] = column if isinstance(column, list) else list(unknown)
    return columns
