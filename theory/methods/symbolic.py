"""From two sides to an answer: equal polynomials, or a counter-example with numbers."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from functools import wraps
from itertools import islice
from random import Random
from typing import Any, TypeVar

from theory.arithmetic.free_activation import UnknownPointError
from theory.arithmetic.polynomials import Ring
from theory.case import Answer, Outcome
from theory.methods.perturbation import Difference, Processes, UnsettledError, differences

LONGEST = 160
"""Characters of a polynomial that a counter-example shows."""

F = TypeVar("F", bound=Callable[..., Outcome])


def witness(ring: Ring, polynomial: Any) -> Fraction:
    """Return a nonzero value of a nonzero polynomial, at a point of small integers.

    Raises:
        ValueError: none was found among the points tried.

    """
    drawn = Random(0)  # noqa: S311 - points to try, not secrets
    for _ in range(40):
        numbers = [drawn.choice((-3, -2, -1, 1, 2, 3, 4)) for _ in ring.names]
        value = Fraction(*ring.value(polynomial, numbers))
        if value != 0:
            return value
    raise ValueError("no point that was tried gives the polynomial a nonzero value")


def counter_example(ring: Ring, found: Difference) -> str:
    """Describe a difference: where, its polynomial, and its value at a point."""
    text = ring.show(found.value)
    short = text if len(text) <= LONGEST else text[: LONGEST - 2] + " …"
    value = witness(ring, found.value)
    entry = ",".join(map(str, found.index))
    return f"{found.name}[{entry}] at t = {found.t}: the sides differ by {short}; e.g. by {value}"


def identity(ring: Ring, left: Processes, right: Processes) -> Outcome:
    """Compare two sides entry by entry as polynomials.

    *Holds* needs every entry equal and, on every process, some entry that is not ``0 = 0``.

    Raises:
        ValueError: the two sides do not have the same processes.

    """
    first = next(differences(left, right), None)
    alive = {name: sum(int((v != 0).sum()) for v in process) for name, process in left.items()}
    entries = sum(values.size for process in left.values() for values in process)
    numbers: dict[str, Any] = {
        "identities": entries,
        "not trivially zero": sum(alive.values()),
        "symbols": len(ring.names),
        "polynomial terms": sum(
            _terms(p) for process in left.values() for v in process for p in v.flat
        ),
    }
    if first is not None:
        wrong = list(islice(differences(left, right), 100_000))
        numbers["identities that fail"] = len(wrong)
        numbers["processes that differ"] = sorted({d.name for d in wrong})
        numbers["first time that differs"] = first.t
        return Outcome(Answer.REFUTED, numbers, counter_example(ring, first))
    dead = [name for name, count in alive.items() if count == 0]
    if dead:
        reason = f"nothing is compared: {', '.join(dead)} is zero on both sides throughout"
        return Outcome(Answer.UNDECIDED, numbers, reason)
    rests_on = f"{entries} equal polynomials in {len(ring.names)} symbols"
    return Outcome(Answer.HOLDS, numbers, f"{rests_on}, {numbers['polynomial terms']} terms")


def _terms(polynomial: Any) -> int:
    return len(polynomial) if hasattr(polynomial, "__len__") else int(polynomial != 0)


def undecided_off_the_steady_state(check: F) -> F:
    """Make a check answer *undecided* where the phases do not start from a steady state."""

    @wraps(check)
    def guarded(*args: Any, **kwargs: Any) -> Outcome:
        try:
            return check(*args, **kwargs)
        except (UnsettledError, UnknownPointError) as error:
            return Outcome(Answer.UNDECIDED, reason=str(error))

    return guarded  # type: ignore[return-value]


def all_of(parts: dict[str, Outcome]) -> Outcome:
    """Join several outcomes: refuted if any is, else undecided if any is, else holds."""
    numbers = {name: part.numbers for name, part in parts.items()}
    for answer in (Answer.REFUTED, Answer.UNDECIDED):
        for name, part in parts.items():
            if part.answer is answer:
                return Outcome(answer, numbers, f"{name}: {part.reason}")
    reason = "; ".join(f"{name}: {part.reason}" for name, part in parts.items() if part.reason)
    return Outcome(Answer.HOLDS, numbers, reason)
