"""The statements that are verified numerically."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from cep_core.check.verdicts import Check, Verdict, combine
from reproduce.report.sections import Section

if TYPE_CHECKING:
    from reproduce.report.assemble import Gathered

ORDER = "by the order with which the error falls"

GROUPS = {
    "theorem1": ("Theorem 1", ORDER),
    "centred": ("Centred estimator", ORDER),
    "published": ("The published dynamics", "by the order with which the error does not fall"),
    "outside nudge": ("Nudge outside the activation", ORDER),
    "asymmetry": ("Untied backward weights", "against a formula and a bound, at one β"),
    "augmented": ("C-EP is EP in an augmented primitive function", "equal up to rounding"),
    "stability": ("Largest stable κ", "growth observed against predicted, 10 % either side"),
    "inconclusive": ("Comparisons that prove nothing", "by the checker's answer"),
}
"""What a reader is told of each group of checks: its title, and what its verdict rests on."""


class Group(NamedTuple):
    """Checks of one kind, with their worst verdict and what it rests on."""

    title: str
    judged: str
    verdict: Verdict
    checks: list[Check]


def groups(gathered: Gathered) -> list[Group]:
    """The checks by the first part of their names."""
    found: dict[str, list[Check]] = {}
    for check in gathered.checks("verify"):
        found.setdefault(check.name.partition("/")[0], []).append(check)
    return [
        Group(*GROUPS.get(name, (name, "")), combine(check.verdict for check in checks), checks)
        for name, checks in found.items()
    ]


def _data(gathered: Gathered) -> Mapping[str, Any]:
    return {"groups": groups(gathered)}


SECTION = Section(30, "Statements verified numerically", "Statements", "verify", _data)
