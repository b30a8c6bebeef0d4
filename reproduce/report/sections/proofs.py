"""The statements that are proved by computer, and the errors that the methods see."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from cep_core.check.verdicts import Verdict, combine
from reproduce.report.sections import Section

if TYPE_CHECKING:
    from reproduce.report.assemble import Gathered

SYMBOLS = {"caught": "✓", "WRONG": "✗", "not applicable": "−"}
"""Of what a method answered to a planted error; anything else is an error that it cannot see."""

Statement = tuple[str, Verdict, list[dict[str, Any]]]


def statements(details: Mapping[str, Any]) -> list[Statement]:
    """The theory's rows by statement, in its order: what is stated, worst verdict, rows."""
    found: dict[str, list[dict[str, Any]]] = {}
    for row in details["rows"]:
        found.setdefault(row["statement"], []).append(row)
    return [
        (details["titles"][name], combine(Verdict(row["verdict"]) for row in listed), listed)
        for name, listed in found.items()
    ]


def _data(gathered: Gathered) -> Mapping[str, Any]:
    return {"statements": statements(gathered.details("theory")), "symbols": SYMBOLS}


SECTION = Section(40, "Statements proved by computer", "Proofs", "theory", _data)
