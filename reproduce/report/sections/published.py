"""The paper's table, row by row."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from reproduce.report.sections import Section

if TYPE_CHECKING:
    from reproduce.report.assemble import Gathered


def _data(gathered: Gathered) -> Mapping[str, Any]:
    return {"rows": gathered.rows}


SECTION = Section(10, "The published numbers, row by row", "Published numbers", data=_data)
