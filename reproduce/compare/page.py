"""The differences between two reports as a page."""

from __future__ import annotations

from collections.abc import Sequence

from reproduce.compare.changes import Change
from reproduce.report.earlier import Earlier
from reproduce.report.templates import environment


def comparison_page(before: Earlier, after: Earlier, found: Sequence[Change], summary: str) -> str:
    """The page as HTML, everything inside one file."""
    template = environment().get_template("comparison.html.j2")
    return template.render(before=before, after=after, changes=found, summary=summary)
