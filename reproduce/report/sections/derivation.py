"""The derivation, line by line."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from reproduce.derivation import PAGE
from reproduce.report.sections import Section

if TYPE_CHECKING:
    from reproduce.report.assemble import Gathered


def _data(gathered: Gathered) -> Mapping[str, Any]:
    """The derivation as it was set by its stage; empty if it was not."""
    standing = gathered.stages["derivation"]
    if standing is None or PAGE not in standing.stage.files or PAGE in standing.foreign:
        return {"derivation": ""}
    return {"derivation": (gathered.folder / "derivation" / PAGE).read_text(encoding="utf-8")}


SECTION = Section(50, "The derivation, line by line", "Derivation", "derivation", _data)
