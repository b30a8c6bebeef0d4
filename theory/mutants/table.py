"""Mutants: every planted error under every method; who sees it, who cannot, and why.

A check that passes an error which it should see is worthless, so each cell of this table is itself
a case: the error is planted, the method is run, and its answer must be *does not hold*, or, where
the method cannot see the error, *holds*, with the reason stated.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

from cep_core.check.verdicts import Check, Verdict
from cep_core.networks import Network
from cep_core.phases import nudged_phase
from cep_core.rules import C_EP, C_VF
from theory.arithmetic.polynomials import FlintRing
from theory.arithmetic.tape import Gradients, unrolled_gradients
from theory.case import Answer, Case, Level, Outcome
from theory.methods import certified, identities
from theory.methods.modular import decide_at_random
from theory.methods.perturbation import Phase, Processes, nabla_side, neurons_of, parameters_of
from theory.methods.symbolic import all_of
from theory.mutants import planted
from theory.points.arbitrary import anywhere
from theory.points.drawn import Shape
from theory.points.steady import Point, energy_based
from theory.points.steady import prototypical as prototypical_point
from theory.statements import prototypical, theorem1
from theory.statements.augmented import everything_at
from theory.statements.joint_limit import is_symmetric_gram, modified_bptt_at

SHAPE, STEPS, SIZES = "2-3-2", 4, (784, 512, 10)
CAPACITY = 200


@dataclass(frozen=True)
class Mutant:
    """One planted error.

    Attributes:
        name: what is wrong.
        phase: the nudged phase that has the error.
        bptt: changes the gradient process of every neuron and parameter; or of parameters only.
        parameters_only: ``bptt`` leaves the processes of the neurons right.
        setting: options of the energy-based network, or ``{"nudge": "outside"}``.
        unseen: by method, why it cannot see the error.
        inapplicable: by method, why it has no place where the error could be planted.

    """

    name: str
    phase: Phase = nudged_phase
    bptt: Callable[[list[Any]], list[Any]] | None = None
    parameters_only: bool = False
    setting: Mapping[str, Any] = field(default_factory=dict)
    unseen: Mapping[str, str] = field(default_factory=dict)
    inapplicable: Mapping[str, str] = field(default_factory=dict)

    @property
    def is_prototypical(self) -> bool:
        """Whether the error is one of the prototypical setting."""
        return "nudge" in self.setting


STATES, PARAMETERS = "Theorem 1, neurons", "Theorem 1, parameters"
JOINT, AUGMENTED = "joint limit, kappa free", "augmented primitive function"
BALLS = "Theorem 1 in balls"
MODULAR, MODULAR_JOINT = "Theorem 1 mod p, full size", "joint limit mod p, full size"


def _limit_at_zero(*methods: str) -> dict[str, str]:
    why = "at kappa = 0 nothing depends on whether or when the parameters are updated"
    return dict.fromkeys(methods, why)


ONLY_PARAMETERS = {
    STATES: "at kappa = 0 the neurons do not feel the parameters' updates",
}
ONLY_APPLICATION = _limit_at_zero(STATES, PARAMETERS, MODULAR, BALLS)
ANY_NUDGE = {
    AUGMENTED: "EP on the augmented function is nudged alike: the law holds for every nudge",
}
NO_BPTT = dict.fromkeys((JOINT, AUGMENTED, MODULAR_JOINT), "no BPTT in this statement")

MUTANTS = (
    Mutant("sign of the nudge", planted.with_network(planted.FlippedNudge)),
    Mutant("nudge on the wrong unit", planted.with_network(planted.MisplacedNudge)),
    Mutant(
        "theta from (s_t, s_{t-1})",
        planted.with_rule(planted.LaggingRule),
        unseen=ONLY_PARAMETERS,
    ),
    Mutant(
        "theta from the difference to s_*",
        planted.with_rule(planted.AnchoredRule),
        unseen=ONLY_PARAMETERS,
    ),
    Mutant("sign of theta", planted.with_rule(planted.FlippedRule), unseen=ONLY_PARAMETERS),
    Mutant(
        "one-sided Hebbian product",
        planted.with_rule(planted.OneSidedRule),
        unseen=ONLY_PARAMETERS,
    ),
    Mutant(
        "time off by one for s",
        planted.with_late_states,
        unseen={PARAMETERS: "the parameters' updates are right"},
    ),
    Mutant(
        "time off by one for theta",
        planted.with_late_increments,
        unseen={STATES: "the neurons' updates are right"},
    ),
    Mutant("frozen theta", planted.with_frozen_parameters, unseen=ONLY_APPLICATION),
    Mutant(
        "theta used before it is updated",
        planted.with_network(planted.StaleParameters),
        unseen=ONLY_APPLICATION,
    ),
    Mutant(
        "kappa scaled by dt",
        planted.with_kappa(lambda network, _: network.time_scale),
        unseen=ONLY_APPLICATION,
    ),
    Mutant(
        "missing 1/beta in theta",
        planted.with_kappa(lambda _, beta: beta),
        unseen=ONLY_APPLICATION,
    ),
    Mutant(
        "asymmetric weights",
        setting={"backward": "free"},
        inapplicable={
            JOINT: "C-EP has no update for backward weights",
            AUGMENTED: "C-EP has no update for backward weights",
            MODULAR_JOINT: "C-EP has no update for backward weights",
        },
    ),
    Mutant("missing rho'", setting={"drift_slope": "none"}),
    Mutant("published output drift", setting={"drift_slope": "hidden"}),
    Mutant(
        "nudge outside the activation",
        setting={"nudge": "outside"},
        unseen=ANY_NUDGE
        | {JOINT: "the response to the nudge is taken from the network, not from the loss alone"},
    ),
    Mutant("BPTT: sign", bptt=planted.negated, inapplicable=NO_BPTT),
    Mutant("BPTT: time off by one", bptt=planted.late, inapplicable=NO_BPTT),
    Mutant("BPTT: loss without its half", bptt=planted.doubled, inapplicable=NO_BPTT),
    Mutant(
        "BPTT: one copy of theta for all steps",
        bptt=planted.shared,
        parameters_only=True,
        unseen={STATES: "the neurons' gradients are right"},
        inapplicable=NO_BPTT,
    ),
)


def _point(mutant: Mutant) -> Point:
    if mutant.is_prototypical:
        return prototypical_point(FlintRing(CAPACITY), SHAPE, **mutant.setting)
    return energy_based(FlintRing(CAPACITY), SHAPE, **mutant.setting)


def _rule(mutant: Mutant) -> Any:
    return C_VF if "backward" in mutant.setting else C_EP


def _changes(mutant: Mutant, name: str) -> bool:
    return not (mutant.parameters_only and name.startswith("s_"))


def _bptt(mutant: Mutant, point: Point, **options: Any) -> Processes:
    found, change = nabla_side(point, **options), mutant.bptt
    if change is None:
        return found
    return {n: change(p) if _changes(mutant, n) else p for n, p in found.items()}


def _theorem(mutant: Mutant, *, part: Callable[[Processes], Processes]) -> Outcome:
    """Theorem 1 for the neurons alone, or the parameters alone."""
    point, bptt = _point(mutant), partial(_bptt, mutant)
    check = prototypical.theorem_at if mutant.is_prototypical else theorem1.theorem_at
    return check(point, steps=STEPS, rule=_rule(mutant), bptt=bptt, phase=mutant.phase, part=part)


def _joint(mutant: Mutant) -> Outcome:
    return all_of(
        {
            "phase 2": modified_bptt_at(_point(mutant), steps=STEPS, phase=mutant.phase),
            "G": is_symmetric_gram(_point(mutant)) if not mutant.is_prototypical else _nothing(),
        }
    )


def _nothing() -> Outcome:
    return Outcome(Answer.HOLDS)


def _augmented(mutant: Mutant) -> Outcome:
    if mutant.is_prototypical:
        at = anywhere("prototypical, nudge outside", SHAPE, capacity=200)
    else:
        at = anywhere("energy-based", SHAPE, capacity=200, **mutant.setting)
    return everything_at(at, steps=STEPS, phase=mutant.phase)


def _unrolled(mutant: Mutant, network: Network, *arguments: Any, **options: Any) -> Gradients:
    found = unrolled_gradients(network, *arguments, **options)
    change = mutant.bptt
    if change is None:
        return found
    names = list(found.parameters[0])
    by_name = {name: change([step[name] for step in found.parameters]) for name in names}
    steps = range(len(found.parameters))
    parameters = tuple({name: by_name[name][t] for name in names} for t in steps)
    if mutant.parameters_only:
        return replace(found, parameters=parameters)
    layers = [change(list(layer)) for layer in zip(*found.states, strict=True)]
    return Gradients(tuple(tuple(layer[t] for layer in layers) for t in steps), parameters)


def _shape(mutant: Mutant) -> Shape:
    setting = "prototypical" if mutant.is_prototypical else "energy-based"
    return Shape(SIZES, setting=setting, **mutant.setting)  # type: ignore[arg-type]


def _modular(mutant: Mutant) -> Outcome:
    sides = partial(
        identities.theorem1,
        steps=STEPS,
        rule=_rule(mutant),
        phase=mutant.phase,
        unrolled=partial(_unrolled, mutant),
    )
    return decide_at_random(_shape(mutant), sides)


def _modular_joint(mutant: Mutant) -> Outcome:
    sides = partial(identities.joint_limit, steps=STEPS, phase=mutant.phase)
    return decide_at_random(_shape(mutant), sides)


def _in_balls(mutant: Mutant) -> Outcome:
    sides = partial(
        identities.theorem1,
        steps=STEPS,
        rule=_rule(mutant),
        phase=mutant.phase,
        unrolled=partial(_unrolled, mutant),
    )
    setting = {name: value for name, value in mutant.setting.items() if name != "backward"}
    network = (certified.prototypical if mutant.is_prototypical else certified.energy_based)(
        **setting
    )
    angle = 60.0 if "backward" in mutant.setting else None
    return certified.decide_in_balls(
        partial(certified.random_setup, network, backward_angle=angle), sides
    )


METHODS: dict[str, Callable[[Mutant], Outcome]] = {
    STATES: partial(_theorem, part=neurons_of),
    PARAMETERS: partial(_theorem, part=parameters_of),
    JOINT: _joint,
    AUGMENTED: _augmented,
    MODULAR: _modular,
    MODULAR_JOINT: _modular_joint,
    BALLS: _in_balls,
}

LEVELS = dict.fromkeys(METHODS, Level.SYMBOLIC) | {
    MODULAR: Level.MODULAR,
    MODULAR_JOINT: Level.MODULAR,
    BALLS: Level.CERTIFIED,
}

SHAPES = dict.fromkeys(METHODS, SHAPE) | {
    MODULAR: "-".join(map(str, SIZES)),
    MODULAR_JOINT: "-".join(map(str, SIZES)),
    BALLS: "-".join(map(str, certified.SMALL)),
}


def cells() -> tuple[Case, ...]:
    """Return a case for every mutant under every method that applies to it."""
    return tuple(
        Case(
            "mutants",
            f"{mutant.name} under {method}",
            f"{method} {'does not see' if method in mutant.unseen else 'sees'}: {mutant.name}",
            "planted",
            method,
            SHAPES[method],
            LEVELS[method],
            partial(decide, mutant),
            Answer.HOLDS if method in mutant.unseen else Answer.REFUTED,
            cost=0.5,
        )
        for mutant in MUTANTS
        for method, decide in METHODS.items()
        if method not in mutant.inapplicable
    )


def table(checks: Mapping[str, Check]) -> dict[str, Any]:
    """Return the table of mutants against methods, from the cells that were decided.

    Each row holds ``mutant`` and one entry per method: ``answer`` (``caught``, ``not visible``,
    ``not applicable``, ``not run``, or ``WRONG`` if the cell's check did not pass) and ``why``.
    """
    by_variant = {case.variant: checks.get(case.name) for case in cells()}
    rows = []
    for mutant in MUTANTS:
        row: dict[str, Any] = {"mutant": mutant.name}
        for method in METHODS:
            check = by_variant.get(f"{mutant.name} under {method}")
            row[method] = _cell(mutant, method, check)
        rows.append(row)
    return {"methods": list(METHODS), "rows": rows}


def _cell(mutant: Mutant, method: str, check: Check | None) -> dict[str, str]:
    if method in mutant.inapplicable:
        return {"answer": "not applicable", "why": mutant.inapplicable[method]}
    if check is None or check.verdict is Verdict.NOT_RUN:
        return {"answer": "not run", "why": ""}
    if check.verdict is not Verdict.PASS:
        return {"answer": "WRONG", "why": check.reason}
    if method in mutant.unseen:
        return {"answer": "not visible", "why": mutant.unseen[method]}
    return {"answer": "caught", "why": check.reason}
