"""The paper's table, row by row, in words: what the stage *trainings* says of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from reproduce.report.standing import NOT_RUN, WORST_FIRST
from reproduce.table.published import read_published


@dataclass(frozen=True)
class Row:
    """A row of the paper's table.

    Attributes:
        name: of the row.
        word: what may be said of its test error.
        told: published and ours in one line, and what the answer rests on.

    """

    name: str
    word: str
    told: str


def rows_of(details: Mapping[str, Any]) -> list[Row]:
    """Every row of the paper, from the details of the stage; *not run* if that has not run."""
    if "rows" not in details:
        return [
            Row(name, NOT_RUN, f"{name}: {_quoted(row.test_mean, row.test_std, row.confirmed)}.")
            for name, row in read_published().rows.items()
        ]
    return [_row(row) for row in details["rows"]]


def counted(words: Iterable[str]) -> str:
    """How many rows have which word, the best first: ``2 reproduced, 1 not run``."""
    found = Counter(words)
    return ", ".join(f"{found[word]} {word}" for word in reversed(WORST_FIRST) if word in found)


def _row(found: Mapping[str, Any]) -> Row:
    theirs, ours = found["published"], found["test_error"]
    published = _quoted(theirs["test_mean"], theirs["test_std"], theirs["confirmed"])
    if ours["answer"] == NOT_RUN:
        told = f"{found['row']}: {published}; here {found['standing']}."
    else:
        told = f"{found['row']}: {published}, here {percent(ours)} % ({found['standing']})."
    return Row(found["row"], ours["answer"], told)


def _quoted(mean: float, std: float, confirmed: bool) -> str:  # noqa: FBT001 - as it is kept
    return f"published {mean:.2f} ± {std:.2f}{'' if confirmed else '†'} %"


def percent(spread: Mapping[str, Any]) -> str:
    """``1.95 ± 0.12``, or what there is of it."""
    if spread["mean"] is None:
        return "none"
    if spread["std"] is None:
        return f"{spread['mean']:.2f}"
    return f"{spread['mean']:.2f} ± {spread['std']:.2f}"
