"""The table of mutants: every planted error under every method; who sees it, who cannot, and why.

A check that passes an error which it should see is worthless, so each cell of this table is itself
a case: the error is planted in the code, the method is run, and its answer must be *does not hold*,
or, where the method cannot see the error, *holds*, with the reason stated.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any

from cep_core.check.verdicts import Check, Verdict
from cep_core.networks import AnsweringNetwork
from cep_core.rules import C_EP, C_VF, CORRECTED_C_VF, EP
from theory.arithmetic.polynomials import FlintRing
from theory.case import Answer, Case, Level, Outcome
from theory.methods import certified, identities
from theory.methods.checked import SIZES as CHECKED
from theory.methods.checked import decide_by_checker
from theory.methods.modular import ONE_HIDDEN, decide_at_random
from theory.methods.perturbation import Processes, neurons_of, parameters_of
from theory.methods.symbolic import all_of
from theory.mutants import convolutional, correction, homeostasis
from theory.mutants.catalogue import MUTANTS
from theory.mutants.kind import (
    ANGLE,
    AUGMENTED,
    BALLS,
    BPTT,
    CHECKER,
    INCREMENTS,
    JOINT,
    MINI_BATCH,
    MODULAR,
    MODULAR_JOINT,
    OF_CORRECTION,
    PARAMETERS,
    SETTLING,
    STATES,
    Mutant,
)
from theory.mutants.planted import planted
from theory.points.arbitrary import anywhere
from theory.points.drawn import Shape
from theory.points.steady import SymbolicPoint, energy_based
from theory.points.steady import prototypical as prototypical_point
from theory.statements import initial_angle, mini_batch, prototypical, settling, theorem1, unrolled
from theory.statements.augmented import everything_at
from theory.statements.increments import increments_at
from theory.statements.joint_limit import is_symmetric_gram, modified_bptt_at

SHAPE, STEPS = "2-3-2", 4
CAPACITY = 250


def _point(mutant: Mutant) -> SymbolicPoint:
    make = prototypical_point if mutant.prototypical else energy_based
    return make(FlintRing(CAPACITY), SHAPE, **mutant.setting)


def _theorem(mutant: Mutant, *, part: Callable[[Processes], Processes]) -> Outcome:
    """Theorem 1 for the neurons alone, or the parameters alone."""
    check = prototypical.theorem_at if mutant.prototypical else theorem1.theorem_at
    return check(_point(mutant), steps=STEPS, part=part)


def _joint(mutant: Mutant) -> Outcome:
    parts = {"phase 2": modified_bptt_at(_point(mutant), steps=STEPS)}
    if not mutant.prototypical:
        parts["G"] = is_symmetric_gram(_point(mutant))
    return all_of(parts)


def _setting(mutant: Mutant) -> str:
    return "prototypical, nudge inside" if mutant.prototypical else "energy-based"


def _augmented(mutant: Mutant) -> Outcome:
    at = anywhere(_setting(mutant), SHAPE, capacity=CAPACITY, **mutant.setting)
    return everything_at(at, steps=STEPS)


def _increments(mutant: Mutant) -> Outcome:
    at = anywhere(_setting(mutant), "2-2-1", batch=2, capacity=CAPACITY, **mutant.setting)
    return increments_at(at, steps=2)


def _shape(mutant: Mutant) -> Shape:
    setting = "prototypical" if mutant.prototypical else "energy-based"
    return Shape(ONE_HIDDEN, setting=setting, **mutant.setting)  # type: ignore[arg-type]


def _modular(mutant: Mutant) -> Outcome:
    return decide_at_random(_shape(mutant), partial(identities.theorem1, steps=STEPS))


def _modular_joint(mutant: Mutant) -> Outcome:
    return decide_at_random(_shape(mutant), partial(identities.joint_limit, steps=STEPS))


def _in_balls(mutant: Mutant) -> Outcome:
    network = (
        certified.prototypical("inside")
        if mutant.prototypical
        else certified.energy_based(**mutant.setting)
    )
    sides = partial(identities.theorem1, steps=STEPS)
    return certified.decide_in_balls(partial(certified.random_setup, network), sides)


def _network(mutant: Mutant) -> Callable[[], AnsweringNetwork]:
    if mutant.prototypical:
        return unrolled.prototypical
    return partial(unrolled.energy_based, **mutant.setting)


def _bptt(mutant: Mutant) -> Outcome:
    return unrolled.decide(_network(mutant))


def _settling(_: Mutant) -> Outcome:
    return settling.decide(settling.DT)


def _first_refuted(outcomes: Iterator[Outcome]) -> Outcome:
    """The first outcome that is not *holds*; the later ones are not decided then."""
    for outcome in outcomes:
        if outcome.answer is not Answer.HOLDS:
            return outcome
    return outcome


def _mini_batch(mutant: Mutant) -> Outcome:
    make = _network(mutant)
    return _first_refuted(mini_batch.decide(make, rule) for rule in (EP, C_EP, C_VF))


def _angle(_: Mutant) -> Outcome:
    return _first_refuted(initial_angle.decide(angle) for angle in (45.0, 180.0))


def _checker(mutant: Mutant) -> Outcome:
    if not set(mutant.methods) <= set(OF_CORRECTION):
        return decide_by_checker(_network(mutant)(), [C_EP, C_VF, EP])
    outside = certified.prototypical("outside")
    network = outside if mutant.prototypical else unrolled.energy_based()
    return decide_by_checker(network, [CORRECTED_C_VF], angle=90.0)


METHODS: dict[str, tuple[Callable[[Mutant], Outcome], Level, str]] = {
    STATES: (partial(_theorem, part=neurons_of), Level.SYMBOLIC, SHAPE),
    PARAMETERS: (partial(_theorem, part=parameters_of), Level.SYMBOLIC, SHAPE),
    JOINT: (_joint, Level.SYMBOLIC, SHAPE),
    AUGMENTED: (_augmented, Level.SYMBOLIC, SHAPE),
    INCREMENTS: (_increments, Level.SYMBOLIC, "2-2-1"),
    MODULAR: (_modular, Level.MODULAR, "-".join(map(str, ONE_HIDDEN))),
    MODULAR_JOINT: (_modular_joint, Level.MODULAR, "-".join(map(str, ONE_HIDDEN))),
    BALLS: (_in_balls, Level.CERTIFIED, "-".join(map(str, certified.SMALL))),
    BPTT: (_bptt, Level.NUMERICAL, "-".join(map(str, unrolled.SIZES))),
    SETTLING: (_settling, Level.NUMERICAL, "-".join(map(str, settling.SIZES))),
    MINI_BATCH: (_mini_batch, Level.NUMERICAL, "-".join(map(str, mini_batch.SIZES))),
    ANGLE: (_angle, Level.NUMERICAL, "-".join(map(str, initial_angle.SIZES))),
    CHECKER: (_checker, Level.NUMERICAL, "-".join(map(str, CHECKED))),
    **correction.METHODS,
    **homeostasis.METHODS,
    **convolutional.METHODS,
}
"""By name: how the method decides with a mutant planted, the kind of numbers, the size."""


def decide_planted(mutant: Mutant, method: str) -> Outcome:
    """Plant a mutant and run a method."""
    decide, _, _ = METHODS[method]
    with planted(mutant.edits):
        return decide(mutant)


def cells() -> tuple[Case, ...]:
    """Return a case for every mutant under every method that applies to it."""
    return tuple(
        Case(
            "mutants",
            f"{mutant.name} under {method}",
            f"{method} {'does not see' if method in mutant.unseen else 'sees'}: {mutant.name}",
            f"planted in {mutant.where}" if mutant.edits else "an option of the network",
            method,
            size,
            level,
            partial(decide_planted, mutant, method),
            Answer.HOLDS if method in mutant.unseen else Answer.REFUTED,
            cost=0.5,
        )
        for mutant in MUTANTS
        for method, (_, level, size) in METHODS.items()
        if method in mutant.methods and method not in mutant.inapplicable
    )


def table(checks: Mapping[str, Check]) -> dict[str, Any]:
    """Return the table of mutants against methods, from the cells that were decided.

    Each row holds ``mutant``, ``planted`` (where) and one entry per method: ``answer`` (``caught``,
    ``not visible``, ``not applicable``, ``not run``, or ``WRONG`` if the cell's check did not pass)
    and ``why``.
    """
    by_variant = {case.variant: checks.get(case.name) for case in cells()}
    rows = []
    for mutant in MUTANTS:
        row: dict[str, Any] = {"mutant": mutant.name, "planted": mutant.where}
        for method in METHODS:
            check = by_variant.get(f"{mutant.name} under {method}")
            row[method] = _cell(mutant, method, check)
        rows.append(row)
    return {"methods": list(METHODS), "rows": rows}


def _cell(mutant: Mutant, method: str, check: Check | None) -> dict[str, str]:
    if method not in mutant.methods:
        return {"answer": "not applicable", "why": ""}
    if method in mutant.inapplicable:
        return {"answer": "not applicable", "why": mutant.inapplicable[method]}
    if check is None or check.verdict is Verdict.NOT_RUN:
        return {"answer": "not run", "why": ""}
    if check.verdict is not Verdict.PASS:
        return {"answer": "WRONG", "why": check.reason}
    if method in mutant.unseen:
        return {"answer": "not visible", "why": mutant.unseen[method]}
    return {"answer": "caught", "why": check.reason}
