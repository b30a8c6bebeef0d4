"""Statements and the cases in which a computer decides them.

A statement of the theory is a module of this package: its docstring says it in words and as a
formula. A *case* is one way to decide one statement on one network: in some number system, at some
size, with the answer that the theory expects. Some expected answers are negative: the case is a
counter-example, and it passes when the statement is found not to hold.
"""

from __future__ import annotations

import importlib
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from cep_core.check.verdicts import Check, Verdict


class Level(StrEnum):
    """How a case decides."""

    SYMBOLIC = "symbolic"
    """Identities of polynomials: every weight, input, activation and steady state at once."""
    MODULAR = "modular"
    """The same identities at random points of a prime field, at the paper's sizes."""
    CERTIFIED = "certified"
    """Balls: rigorous enclosures of real numbers."""
    NUMERICAL = "numerical"
    """Floating point, for what the theory predicts of a run (the stability bound)."""


class Answer(StrEnum):
    """What a case found."""

    HOLDS = "holds"
    REFUTED = "does not hold"
    UNDECIDED = "undecided"


@dataclass(frozen=True)
class Outcome:
    """What deciding a case returned.

    Attributes:
        answer: the answer itself, whatever was expected.
        numbers: the quantities the answer rests on, JSON-able (no NaN, no infinity).
        reason: the counter-example if refuted, the cause if undecided, else what it rests on.

    """

    answer: Answer
    numbers: dict[str, Any] = field(default_factory=dict)
    reason: str = ""


@dataclass(frozen=True)
class Case:
    """One way to decide one statement on one network.

    Attributes:
        statement: name of the statement's module, e.g. ``"theorem1"``.
        variant: tells the cases of a statement apart, e.g. ``"energy-based, rho' everywhere"``.
        claim: what is claimed, one sentence with its formula, plain text.
        where: for which inputs, weights and points the answer holds.
        method: how it is decided, e.g. ``"polynomial jets over Q"``.
        size: the network and the number of steps, e.g. ``"2-3-2, K = 10"``.
        level: the kind of number system.
        decide: does it; called once, may be called in another process.
        expected: the answer that the theory gives.
        cost: rough seconds it takes; the dear ones are started first.

    """

    statement: str
    variant: str
    claim: str
    where: str
    method: str
    size: str
    level: Level
    decide: Callable[[], Outcome]
    expected: Answer = Answer.HOLDS
    cost: float = 1.0

    @property
    def name(self) -> str:
        """Unique name: statement, level, variant and size."""
        return f"{self.statement}/{self.level}/{self.variant}/{self.size}"

    def row(self) -> dict[str, str]:
        """Return what is known of the case before it is decided, for tables."""
        return {
            "name": self.name,
            "statement": self.statement,
            "variant": self.variant,
            "claim": self.claim,
            "where": self.where,
            "method": self.method,
            "size": self.size,
            "level": str(self.level),
            "expected": str(self.expected),
        }


SOURCES: tuple[str, ...] = (
    "statements.theorem1",
    "statements.augmented",
    "statements.joint_limit",
    "statements.stability",
    "statements.prototypical",
    "statements.vector_field",
    "statements.centred",
    "statements.topologies",
    "methods.modular",
    "methods.certified",
)
"""Modules of this package whose ``cases()`` are decided, in the order of the table."""


def all_cases() -> tuple[Case, ...]:
    """Return the cases of every source, in order.

    Raises:
        ValueError: two cases have one name.

    """
    found: dict[str, Case] = {}
    for source in SOURCES:
        for case in importlib.import_module(f"theory.{source}").cases():
            if case.name in found:
                msg = f"theory.{source}: two cases are called {case.name!r}"
                raise ValueError(msg)
            found[case.name] = case
    return tuple(found.values())


def select(
    cases: Iterable[Case], only: Iterable[str] = (), levels: Iterable[str] = ()
) -> tuple[Case, ...]:
    """Return the cases whose name or statement is, or begins with, one of ``only``, at ``levels``.

    An empty selection stands for everything.

    Raises:
        ValueError: a name selects nothing; the message lists the statements.

    """
    listed = tuple(cases)
    wanted = tuple(only)
    for name in wanted:
        if not any(case.name.startswith(name) for case in listed):
            statements = ", ".join(dict.fromkeys(case.statement for case in listed))
            msg = f"no case is called {name!r} or begins so; statements: {statements}"
            raise ValueError(msg)
    admitted = frozenset(levels) or frozenset(Level)
    return tuple(
        case
        for case in listed
        if case.level in admitted
        and (not wanted or any(case.name.startswith(name) for name in wanted))
    )


def judge(case: Case, outcome: Outcome, seconds: float) -> Check:
    """Turn the answer of a case into a verdict: *pass* only for the expected answer."""
    if outcome.answer is Answer.UNDECIDED:
        verdict = Verdict.INCONCLUSIVE
    else:
        verdict = Verdict.PASS if outcome.answer is case.expected else Verdict.FAIL
    return Check(
        name=case.name,
        statement=case.claim,
        verdict=verdict,
        numbers=outcome.numbers,
        reason=outcome.reason,
        seconds=round(seconds, 3),
    )


def decide(case: Case) -> Check:
    """Decide a case and judge it; a case that breaks down is inconclusive, with what happened."""
    started = time.perf_counter()
    try:
        outcome = case.decide()
    except Exception as error:  # noqa: BLE001 - one broken case must not lose the others
        outcome = Outcome(
            Answer.UNDECIDED, reason=f"the check broke down: {type(error).__name__}: {error}"
        )
    return judge(case, outcome, time.perf_counter() - started)
