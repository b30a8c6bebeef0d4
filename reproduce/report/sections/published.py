"""The published numbers, row by row, and the paper's claims in words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from reproduce.report.published import percent, rows_of
from reproduce.report.sections import Section
from reproduce.report.standing import worst

if TYPE_CHECKING:
    from reproduce.report.assemble import Gathered


def word(gathered: Gathered) -> str:
    """The worst that is said of a row."""
    return worst(row.word for row in rows_of(gathered.details("trainings")))


def _data(_gathered: Gathered) -> Mapping[str, Any]:
    return {"percent": percent}


SECTION = Section(
    10, "The published numbers, row by row", "Published numbers", "trainings", _data, word
)
