"""Runs at full length, put together as trials of the same training."""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cep_core.runs.files import RunError
from cep_core.runs.row import Row, SpecError, row_named, row_of_identity
from reproduce.runs.results import name_of
from reproduce.table.results import CHANCE, LEARNED

FULL = {"train": 60_000, "test": 10_000}
"""Images of MNIST: a run on fewer, if its row does not ask for them, says nothing of an error."""

LAST = 5
"""Epochs over whose mean a run is also judged, so that no verdict hangs on one of them."""


@dataclass(frozen=True)
class Trial:
    """One run.

    Attributes:
        seed: of everything random.
        results: as the run's ``results.json`` holds them.
        path: of the committed copy.

    """

    seed: int
    results: dict[str, Any]
    path: str

    @property
    def diverged(self) -> bool:
        """Whether a parameter was no longer finite."""
        return self.results.get("diverged") is not None

    def is_whole(self, epochs: int) -> bool:
        """Whether the run is as long as the training, or diverged before."""
        return bool(self.results["epochs"] >= epochs) or self.diverged

    def error(self, kind: str, epochs: int, over: int = 1) -> float:
        """Error in percent, the mean of the last epochs up to ``epochs``.

        Args:
            kind: ``"test_error"`` or ``"train_error"``.
            epochs: the training's length.
            over: of how many epochs the mean is taken.

        Returns:
            The error; chance for a run that diverged before.

        """
        history = self.results[kind][:epochs]
        if len(history) < epochs:
            return CHANCE
        return statistics.fmean(history[-over:])

    def is_lost(self, epochs: int) -> bool:
        """Whether the run ended no better than half of chance, having diverged or not."""
        return self.error("test_error", epochs) > LEARNED

    def lost_at(self) -> int | None:
        """First epoch after which the test error was never again below half of chance."""
        errors = [*self.results["test_error"], *([CHANCE] if self.diverged else [])]
        good = [epoch for epoch, error in enumerate(errors, start=1) if error <= LEARNED]
        first = (good[-1] if good else 0) + 1
        return first if first <= len(errors) else None


@dataclass(frozen=True)
class Trials:
    """Runs that differ in their seeds alone.

    Attributes:
        row: as it was trained.
        changed: fields in which it is not the row as published, with their values.
        epochs: length of a whole training.
        whole: trials that were trained so long, or diverged before; by seed.
        begun: trials that are not finished.

    """

    row: Row
    changed: dict[str, Any]
    epochs: int
    whole: tuple[Trial, ...]
    begun: tuple[Trial, ...]

    @property
    def name(self) -> str:
        """Name of the row, with what is changed of it."""
        return name_with(self.row.name, self.changed)

    def errors(self, kind: str = "test_error", over: int = 1) -> list[float]:
        """Error of every whole trial in percent; see :meth:`Trial.error`."""
        return [trial.error(kind, self.epochs, over) for trial in self.whole]

    @property
    def lost(self) -> list[int]:
        """Seeds of the whole trials that ended as if at random."""
        return [trial.seed for trial in self.whole if trial.is_lost(self.epochs)]

    def told(self) -> str:
        """How far the trials have come, in a few words."""
        parts = [f"{len(self.whole)} whole"] if self.whole else []
        parts += [
            f"seed {t.seed} at epoch {t.results['epochs']} of {self.epochs}" for t in self.begun
        ]
        return ", ".join(parts) or "none begun"


def none_whole(trials: Mapping[str, Trials], names: Iterable[str]) -> str:
    """Say of which trainings there is no whole trial; empty if there is one of each."""
    missing = [name for name in names if (group := trials.get(name)) is None or not group.whole]
    return f"no whole training of {' and '.join(missing)}" if missing else ""


def name_with(row: str, changed: Mapping[str, Any]) -> str:
    """Name of a row with what is changed of it, e.g. ``"C-EP-1h, nudged steps 14"``."""
    told = (f"{field.replace('_', ' ')} {value}" for field, value in sorted(changed.items()))
    return ", ".join([row, *told])


def trials_of(committed: Mapping[Path, Mapping[str, Any]]) -> dict[str, Trials]:
    """Group committed results of full MNIST by what was trained; by :attr:`Trials.name`.

    Full is all that a row asks for: it may train on the first of its images alone. Results on other
    data, or of a row that does not come with the project, are left out.

    Raises:
        RunError: a copy lies where another run's belongs.

    """
    found: dict[str, tuple[Row, dict[str, Any], list[Trial]]] = {}
    for path, results in sorted(committed.items()):
        named = _row_of(path, results)
        if named is None or not _is_full(results, named[0]):
            continue
        row, changed = named
        group = found.setdefault(name_with(row.name, changed), (row, changed, []))
        group[2].append(Trial(results["seed"], dict(results), path.as_posix()))
    return {name: _grouped(row, changed, trials) for name, (row, changed, trials) in found.items()}


def _row_of(path: Path, results: Mapping[str, Any]) -> tuple[Row, dict[str, Any]] | None:
    try:
        published = row_named(results["row"])
    except SpecError:
        return None
    expected = name_of(results["row"], results["seed"], results["identity"])
    if path.parts[-2:] != expected.parts:
        raise RunError(
            f"{path}: expected the results of this row and seed, found those of {expected}"
        )
    row = row_of_identity(results["row"], results["identity"]["spec"])
    known = published.as_json()
    return row, {k: v for k, v in row.as_json().items() if v != known[k]}


def _is_full(results: Mapping[str, Any], row: Row) -> bool:
    data, wanted = results["data"], FULL | ({} if row.samples is None else {"train": row.samples})
    return data["name"] == "mnist" and all(data.get(part) == n for part, n in wanted.items())


def _grouped(row: Row, changed: dict[str, Any], trials: Iterable[Trial]) -> Trials:
    epochs = row_named(row.name).epochs
    whole: list[Trial] = []
    begun: list[Trial] = []
    for trial in sorted(trials, key=lambda trial: trial.seed):
        (whole if trial.is_whole(epochs) else begun).append(trial)
    return Trials(row, changed, epochs, tuple(whole), tuple(begun))


def spread(values: list[float]) -> dict[str, float | int | None]:
    """Mean, standard deviation (n - 1) and number of values, JSON-able."""
    return {
        "mean": statistics.fmean(values) if values else None,
        "std": statistics.stdev(values) if len(values) > 1 else None,
        "n": len(values),
    }
