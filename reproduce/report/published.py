"""The paper's table beside what has been trained, row by row, from the committed results."""

from __future__ import annotations

import statistics
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from reproduce.report.standing import PARTIAL
from reproduce.runs.results import COMMITTED, committed
from reproduce.table.published import PublishedRow, read_published
from reproduce.table.results import LEARNED
from reproduce.trainings.comparison import Comparison, Reported, compare
from theory.provenance import ROOT

LAST = 5
"""Epochs at the end whose mean is shown beside the last one."""


@dataclass(frozen=True)
class Run:
    """One training of a row, in percent.

    Attributes:
        seed: of the run.
        epochs, of: epochs trained, and of the paper.
        test, train: errors after the last epoch that was trained.
        last: mean test error of the last :data:`LAST` epochs.
        code: commit that trained it; None outside a checkout.
        processor: that trained it.

    """

    seed: int
    epochs: int
    of: int
    test: float
    train: float
    last: float
    code: str | None
    processor: str

    @property
    def whole(self) -> bool:
        """Whether it is as long as the paper's."""
        return self.epochs >= self.of


@dataclass(frozen=True)
class Row:
    """A row of the paper's table, what is published of it, and the runs of it as published."""

    name: str
    published: PublishedRow
    trials: int
    margin: float
    runs: tuple[Run, ...]

    @property
    def whole(self) -> list[Run]:
        """Runs of the paper's number of epochs."""
        return [run for run in self.runs if run.whole]

    @property
    def compared(self) -> Comparison:
        """The whole runs against what is published of the test error after the last epoch."""
        theirs = Reported(self.published.test_mean, self.published.test_std, self.trials)
        lost = [run.seed for run in self.whole if run.test > LEARNED]
        return compare([run.test for run in self.whole], theirs, margin=self.margin, lost=lost)

    @property
    def word(self) -> str:
        """*not run*, *partial* while no run is whole, or what the comparison answers."""
        if self.runs and not self.whole:
            return PARTIAL
        return str(self.compared.answer)

    @property
    def standing(self) -> str:
        """How far it has come, in words."""
        if not self.runs:
            return "no run"
        going = [f"seed {r.seed} at epoch {r.epochs} of {r.of}" for r in self.runs if not r.whole]
        return "; ".join([f"{len(self.whole)} of {self.trials} trials", *going])

    def spread(self, field: str) -> tuple[float, float | None] | None:
        """Mean and standard deviation of a field over whole runs; None if there is none."""
        values = [getattr(run, field) for run in self.whole]
        if not values:
            return None
        return statistics.fmean(values), statistics.stdev(values) if len(values) > 1 else None


def rows(folder: Path = ROOT / COMMITTED) -> list[Row]:
    """Every row of the paper, with the committed runs that have exactly its settings.

    A run of other settings has a longer name than its seed, and is another row's.
    """
    published = read_published()
    runs: dict[str, list[Run]] = {name: [] for name in published.rows}
    for path, results in committed(folder).items():
        if path.parent.name in runs and path.stem == f"seed{results['seed']}":
            runs[path.parent.name].append(_run(results))
    return [
        Row(
            name,
            row,
            published.trials,
            published.margin,
            tuple(sorted(runs[name], key=lambda run: run.seed)),
        )
        for name, row in published.rows.items()
    ]


def _run(results: dict[str, Any]) -> Run:
    test = results["test_error"]
    made = results["provenance"][-1] if results.get("provenance") else {}
    return Run(
        results["seed"],
        results["epochs"],
        results["epochs_of_paper"],
        test[-1],
        results["train_error"][-1],
        statistics.fmean(test[-LAST:]),
        made.get("code", {}).get("commit"),
        made.get("processor", "unknown"),
    )


def told(row: Row) -> str:
    """A row in one line: test errors in percent, published and ours, and how far it has come."""
    dagger = "" if row.published.confirmed else "†"
    theirs = f"{row.published.test_mean:.2f} ± {row.published.test_std:.2f}{dagger}"
    found = row.spread("test")
    if found is None:
        return f"{row.name}: published {theirs} %; {row.standing}."
    ours = f"{found[0]:.2f}" + ("" if found[1] is None else f" ± {found[1]:.2f}")
    return f"{row.name}: published {theirs}, here {ours} % ({row.standing}; {row.compared.reason})."
