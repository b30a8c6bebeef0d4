"""Statements and the cases in which a computer decides them.

A statement of the theory is a module of this package: its docstring says it in words and as a
formula. A *case* is one way to decide one statement on one network: in some number system, at some
size, with the answer that the theory expects. Some expected answers are negative: the case is a
counter-example, and it passes when the statement is found not to hold.
"""

from __future__ import annotations

import importlib
import importlib.util
import pkgutil
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from types import ModuleType
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


FIRST = (
    "theorem1",
    "augmented",
    "joint_limit",
    "stability",
    "prototypical",
    "vector_field",
    "centred",
)
"""Statements in the order of the table; further ones follow, by name."""

METHODS = ("theory.methods.modular", "theory.methods.certified")
"""Modules that decide the statements above by another method, after them in the table."""


def sources() -> tuple[str, ...]:
    """Modules whose ``cases()`` are decided, in the order of the table.

    A statement is a module of :mod:`theory.statements` that has ``cases``: adding the file adds the
    statement.
    """
    import theory.statements as package  # noqa: PLC0415 - only when the cases are wanted

    names = {module.name for module in pkgutil.iter_modules(package.__path__)}
    ordered = [name for name in FIRST if name in names] + sorted(names.difference(FIRST))
    return (*(f"theory.statements.{name}" for name in ordered), *METHODS)


def module_from(path: Path) -> ModuleType:
    """Import a Python file from anywhere, as a module of its own.

    Raises:
        ValueError: it is not a Python file that can be imported.

    """
    spec = importlib.util.spec_from_file_location(path.stem, path)
    if path.suffix != ".py" or spec is None or spec.loader is None or not path.is_file():
        raise ValueError(f"{path}: expected a Python file with a function cases(), found none")
    module = importlib.util.module_from_spec(spec)
    try:
        spec.loader.exec_module(module)
    except SyntaxError as error:
        found = f"{error.msg} (line {error.lineno})"
        raise ValueError(f"{path}: expected a Python file, found: {found}") from None
    return module


def all_cases(further: Iterable[Path] = ()) -> tuple[Case, ...]:
    """Return the cases of every source, in order, then those of further files.

    Args:
        further: Python files with a function ``cases()``, statements of the user's own.

    Raises:
        ValueError: two cases have one name, or a further file states nothing.

    """
    modules = [importlib.import_module(source) for source in sources()]
    own = [module_from(path) for path in further]
    for module in own:
        if not hasattr(module, "cases"):
            raise ValueError(f"{module.__file__}: expected a function cases(), found none")
    found: dict[str, Case] = {}
    for module in (*modules, *own):
        for case in module.cases() if hasattr(module, "cases") else ():
            if case.name in found:
                msg = f"{module.__name__}: two cases are called {case.name!r}"
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
