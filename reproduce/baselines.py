"""Committed baselines, and how far a run's numbers lie from them.

What is compared, and what a change of rounding (another processor, another version of PyTorch) may
move:

- plotted processes are float64 and divided by the largest gradient of their element: a change of
  rounding moves them by less than 1e-9, and :data:`~reproduce.figures.processes.PROCESS_TOLERANCE`
  is far above that and far below any error;
- logarithms of errors are compared where they stand well above rounding;
- verdicts are compared as they are: rounding may move none;
- trainings are float32: rounding moves the last digits of the first mini-batch. Measured on the
  quick tier, vector instructions of another width (AVX2 for AVX-512) moved nothing of C-EP, of EP
  the last test error by 1.1 percentage points, the mean of the last five by 0.5 and the training
  error by 0.1; of C-VF, whose published ratio of learning rate to nudging is above its stability
  bound, they moved the first test error by 6, the mean of five by 6 and the training error by 5,
  and with the nudge inside whether the run is lost. :data:`TABLE_TOLERANCES` lie above that. What
  must not move at all is the runs' settings, which are compared by their hash.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import yaml

from cep_core.check.verdicts import Check, Verdict
from cep_core.fields import FieldError, Fields, number, sequence, text, whole
from cep_core.files import write_text

if TYPE_CHECKING:
    import pandas as pd  # for its name alone: every command would wait for it

LAST = 5
"""Epochs at the end whose mean is compared beside the last one."""

COLUMNS = (
    "test error, first epoch",
    "test error, last epoch",
    "test error, mean of the last five",
    "training error, last epoch",
)
"""Of the table's frame, in percent."""

TABLE_TOLERANCES = {
    "": (2.0, 3.0, 1.5, 1.0),
    "C-VF": (15.0, 30.0, 15.0, 10.0),
    "C-VF-1h, nudge inside": (15.0, 100.0, 100.0, 100.0),
}
"""Percentage points by column, for rows whose names begin so; the last one that fits counts."""

RUN = "run"
"""Column of the runs' hashes."""

NAMED = 3
"""How many differing verdicts are named before the rest are counted."""


@dataclass(frozen=True)
class Difference:
    """How far numbers lie from their baseline.

    Attributes:
        largest: the difference that is largest against its tolerance.
        where: its column and row.
        tolerance: what is allowed there.
        fault: why nothing can be compared; empty if it can.

    """

    largest: float = 0.0
    where: str = ""
    tolerance: float = 0.0
    fault: str = ""

    @property
    def within(self) -> bool:
        """Whether everything could be compared and is within its tolerance."""
        return not self.fault and self.largest <= self.tolerance

    def told(self) -> str:
        """The difference in one line."""
        if self.fault:
            return self.fault
        if self.largest == 0:
            return f"no difference (tolerance {self.tolerance:g})"
        return f"largest difference {self.largest:.2g} of {self.tolerance:g} at {self.where}"


def difference(
    found: pd.DataFrame, baseline: pd.DataFrame, tolerance: float | list[tuple[float, ...]]
) -> Difference:
    """Hold a frame of numbers against its baseline: the same rows, the same columns, close values.

    Args:
        found: one row for each step, scale or run; a number that is not finite is equal to itself
            alone.
        baseline: likewise.
        tolerance: absolute, of all numbers, or by row and column of the baseline.

    """
    if list(found.index) != list(baseline.index):
        return Difference(fault=_rows_apart(list(found.index), list(baseline.index)))
    for names, others, what in (
        (set(baseline.columns), set(found.columns), "expected {!r} among {}, found {} without"),
        (set(found.columns), set(baseline.columns), "expected those of the baseline, found {!r}"),
    ):
        for name in sorted(names - others):
            return Difference(fault="columns: " + what.format(name, len(names), len(others)))
    ours, theirs = found[baseline.columns].to_numpy(float), baseline.to_numpy(float)
    same = (ours == theirs) | (np.isnan(ours) & np.isnan(theirs))
    with np.errstate(invalid="ignore"):
        gap = np.where(same, 0.0, np.abs(ours - theirs))
    gap[np.isnan(gap)] = np.inf
    allowed = np.broadcast_to(np.asarray(tolerance, dtype=float), gap.shape)
    row, column = np.unravel_index(np.argmax(gap / allowed), gap.shape)
    where = f"{baseline.columns[column]}, {baseline.index.name or 'row'} {baseline.index[row]}"
    return Difference(float(gap[row, column]), where, float(allowed[row, column]))


def _rows_apart(found: list[Any], expected: list[Any]) -> str:
    missing = [name for name in expected if name not in found]
    strange = [name for name in found if name not in expected]
    told = [f"without {missing[0]}"] if missing else []
    told += [f"with {strange[0]}"] if strange else []
    order = " and ".join(told) or "in another order"
    return f"rows: expected {len(expected)}, found {len(found)} {order}"


def read_frame(path: Path) -> pd.DataFrame:
    """Read numbers with their index in the first column.

    Raises:
        FieldError: the file is missing or no such table.

    """
    import pandas as pd  # noqa: PLC0415 - every command would wait for it

    try:
        return pd.read_csv(path, index_col=0)
    except (OSError, ValueError) as error:
        found = " ".join(str(error).split())
        raise FieldError(f"{path}: expected a table of numbers, found {found}") from error


def write_frame(path: Path, frame: pd.DataFrame) -> None:
    """Write a baseline of numbers."""
    write_text(path, frame.to_csv(float_format="%.12g"))


def table_frame(details: Mapping[str, Any]) -> pd.DataFrame:
    """What a tier of the table found: every run, then mean and spread over the seeds of a row.

    Raises:
        FieldError: the details are not those of a table.

    """
    import pandas as pd  # noqa: PLC0415 - as above

    percents = sequence(number(0, 100))
    lines: dict[str, dict[str, Any]] = {}
    summaries: dict[str, dict[str, Any]] = {}
    for row in Fields(Path("table"), dict(details), "details").tables("rows", 0):
        name = f"{row.get('row', text())}, nudge {row.get('nudge', text())}"
        runs = []
        for run in row.tables("runs"):
            test, train = run.get("test_error", percents), run.get("train_error", percents)
            measured = dict(
                zip(
                    COLUMNS,
                    (test[0], test[-1], statistics.fmean(test[-LAST:]), train[-1]),
                    strict=True,
                )
            )
            runs.append(measured)
            lines[f"{name}, seed {run.get('seed', whole())}"] = {
                RUN: run.get("hash", text())[:12]
            } | measured
        for what, over in (("mean", statistics.fmean), ("spread", _spread)):
            summaries[f"{name}, {what} over seeds"] = {RUN: what} | {
                column: over([run[column] for run in runs]) for column in COLUMNS
            }
    frame = pd.DataFrame.from_dict(lines | summaries, orient="index")
    return frame.rename_axis("row")


def _spread(values: list[float]) -> float:
    return statistics.stdev(values) if len(values) > 1 else 0.0


def table_difference(found: pd.DataFrame, baseline: pd.DataFrame) -> Difference:
    """Hold a table against its baseline: the same runs by their hash, and close errors."""
    if list(found.index) == list(baseline.index):
        for name, ours, theirs in zip(found.index, found[RUN], baseline[RUN], strict=True):
            if ours != theirs:
                return Difference(fault=f"{name}: expected the run {theirs}, found {ours}")
    numbers = baseline.drop(columns=RUN)[list(COLUMNS)]
    return difference(found.drop(columns=RUN), numbers, [_allowed(name) for name in numbers.index])


def _allowed(row: str) -> tuple[float, ...]:
    """Tolerances of a row of the table."""
    return [allowed for start, allowed in TABLE_TOLERANCES.items() if row.startswith(start)][-1]


def read_verdicts(path: Path) -> dict[str, str]:
    """Read the baseline of a stage's verdicts, by check."""
    found = yaml.safe_load(path.read_text(encoding="utf-8"))
    return {str(name): str(verdict) for name, verdict in found.items()}


def write_verdicts(path: Path, verdicts: Mapping[str, str]) -> None:
    """Write the baseline of a stage's verdicts."""
    write_text(path, yaml.safe_dump(dict(verdicts), allow_unicode=True, width=10**6))


def changed_verdicts(found: Mapping[str, str], baseline: Mapping[str, str]) -> list[str]:
    """Every check whose verdict is another, or that is new or gone, in one line each."""
    names = [*baseline, *(name for name in found if name not in baseline)]
    return [
        f"{name}: {baseline.get(name, 'not there')} → {found.get(name, 'not there')}"
        for name in names
        if found.get(name) != baseline.get(name)
    ]


def check_numbers(name: str, apart: Difference, seconds: float) -> Check:
    """The comparison of numbers as a check."""
    numbers: dict[str, Any] = {}
    if not apart.fault and math.isfinite(apart.largest):
        numbers = {"largest difference": apart.largest, "tolerance": apart.tolerance}
    return _check(
        name, Verdict.PASS if apart.within else Verdict.FAIL, apart.told(), numbers, seconds
    )


def check_verdicts(name: str, changes: list[str], count: int, seconds: float) -> Check:
    """The comparison of a stage's verdicts as a check."""
    told = f"{count} verdicts as in the baseline"
    if changes:
        more = f" and {len(changes) - NAMED} more" if len(changes) > NAMED else ""
        told = f"{len(changes)} verdicts differ: {'; '.join(changes[:NAMED])}{more}"
    numbers = {"verdicts": count, "changed": len(changes)}
    return _check(name, Verdict.FAIL if changes else Verdict.PASS, told, numbers, seconds)


def not_compared(name: str, verdict: Verdict, reason: str) -> Check:
    """A comparison that could not be made."""
    return Check(f"regression/{name}", _STATEMENT.format(name), verdict, {}, reason)


def _check(
    name: str, verdict: Verdict, told: str, numbers: dict[str, Any], seconds: float
) -> Check:
    """A comparison that was made; one that fails names the command that accepts it."""
    if verdict is Verdict.FAIL:
        told = f"{told}. If it is meant: python -m reproduce regress --update {name}"
    return Check(f"regression/{name}", _STATEMENT.format(name), verdict, numbers, told, seconds)


_STATEMENT = "{}: within the stated tolerance of the committed baseline"
