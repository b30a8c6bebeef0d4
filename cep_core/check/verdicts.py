"""Verdicts: what a check answers, with its numbers and the likely causes."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import Any


class Verdict(StrEnum):
    """The possible answers of a check."""

    PASS = "pass"  # noqa: S105 - a verdict, not a password
    FAIL = "fail"
    INCONCLUSIVE = "inconclusive"
    NOT_RUN = "not run"


@dataclass(frozen=True)
class Check:
    """One check and its answer.

    Attributes:
        name: short unique name, e.g. ``"theorem1/energy-based/2-3-2"``.
        statement: what is claimed, one sentence, plain text.
        verdict: the answer.
        numbers: the measured quantities the answer rests on, JSON-able.
        reason: why the answer is not *pass*, or what the answer rests on; likely causes first.
        seconds: wall time of the check.

    """

    name: str
    statement: str
    verdict: Verdict
    numbers: dict[str, Any] = field(default_factory=dict)
    reason: str = ""
    seconds: float = 0.0

    def as_json(self) -> dict[str, Any]:
        """Return the check as plain JSON values."""
        return asdict(self) | {"verdict": str(self.verdict)}


def combine(verdicts: Iterable[Verdict]) -> Verdict:
    """Return the worst of several verdicts.

    *fail* over *inconclusive* over *not run* over *pass*; nothing at all is *not run*.
    """
    found = set(verdicts)
    for verdict in (Verdict.FAIL, Verdict.INCONCLUSIVE, Verdict.NOT_RUN, Verdict.PASS):
        if verdict in found:
            return verdict
    return Verdict.NOT_RUN
