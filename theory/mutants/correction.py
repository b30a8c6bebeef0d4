"""Wrong lines of corrected C-VF, under methods of their own.

Two of them are harmless at first order in beta, and one vanishes at the steady state: they are
shown because a reader asks, and because the fast engine is held against the definition at finite
beta, where they show.
"""

from __future__ import annotations

from functools import partial

import torch

from cep_core.fast import FastEngine
from cep_core.learning import Procedure, learn_batch
from cep_core.networks import EnergyBased, Prototypical
from cep_core.networks.corrected import Corrected
from cep_core.rules import CORRECTED_C_VF, learning_rates
from theory.arithmetic.polynomials import FlintRing
from theory.case import Answer, Level, Outcome
from theory.methods import certified
from theory.methods.modular import ONE_HIDDEN, decide_at_random
from theory.mutants.kind import (
    CHECKER,
    CORRECTED,
    CORRECTED_BALLS,
    CORRECTED_JOINT,
    CORRECTED_MODULAR,
    ENGINE,
    OF_CORRECTION,
    Mutant,
    all_but,
    because,
)
from theory.mutants.planted import edit
from theory.points.drawn import Shape
from theory.points.steady import SymbolicPoint, energy_based, prototypical
from theory.statements.corrected import corrected_at, joint_limit_at, sides

SHAPE, STEPS = "2-3-2", 4
CAPACITY = 300
SIZES = (6, 5, 4)
ROUNDING = 1e-10

_ALWAYS = ("if nudge is None:\n        return after\n    extra", "extra")
_FIRST_ORDER = all_but(ENGINE, among=OF_CORRECTION)
_AT_REST = (CORRECTED, CORRECTED_JOINT)
"""They compare derivatives at the steady state, and answer nothing where the phase leaves it."""
_OF_BPTT = (CORRECTED_MODULAR, CORRECTED_BALLS)

mutant = partial(Mutant, methods=OF_CORRECTION)

CORRECTION = (
    mutant(
        "J and J^T exchanged in the correction",
        (edit(Corrected._without, "a - e", "a + e"),),  # noqa: SLF001 - the line itself
    ),
    mutant(
        "correction halved",
        (edit(Corrected._without, "a - e", "a - e / 2"),),  # noqa: SLF001
    ),
    mutant(
        "correction measured from 0",
        (edit(Corrected.transition, "s - rest for s, rest", "s for s, rest"),),
        methods=all_but(*_AT_REST, among=OF_CORRECTION),
    ),
    mutant(
        "J of the correction at s_t",
        (edit(Corrected.transition, "at=self.steady", "at=state"),),
        unseen=because("it differs at second order in beta: harmless there", *_FIRST_ORDER),
    ),
    mutant(
        "J of the correction at theta_t",
        (edit(Corrected._without, "self.parameters", "parameters"),),  # noqa: SLF001
        unseen=because("it differs at second order in beta: harmless there", *_FIRST_ORDER),
    ),
    mutant(
        "correction in the free phase too",
        (edit(Corrected._without, *_ALWAYS),),  # noqa: SLF001
        unseen=because(
            "it vanishes at the steady state: harmless where BPTT is that of the network itself",
            *all_but(*_OF_BPTT, CHECKER, among=OF_CORRECTION),
        ),
    ),
    mutant(
        "correction without dt",
        (edit(EnergyBased.asymmetry, "(f * p - b * r) * self.dt", "f * p - b * r"),),
        inapplicable=because("the engine trains the prototypical setting", ENGINE),
    ),
    mutant(
        "J^T v without the slope",
        (edit(Prototypical.asymmetry, "v * d for v, d", "v for v, d"),),
        prototypical=True,
    ),
    mutant(
        "increment without the slope",
        (edit(Prototypical.pullback, "c * d for c, d", "c for c, d"),),
        prototypical=True,
    ),
)


def _point(mutant: Mutant) -> SymbolicPoint:
    ring = FlintRing(CAPACITY)
    if mutant.prototypical:
        return prototypical(ring, SHAPE, nudge="outside", backward="free", curvature=True)
    return energy_based(ring, SHAPE, backward="free")


def _symbolic(mutant: Mutant) -> Outcome:
    return corrected_at(_point(mutant), steps=STEPS)


def _joint(mutant: Mutant) -> Outcome:
    return joint_limit_at(_point(mutant), steps=STEPS - 1)


def _modular(mutant: Mutant) -> Outcome:
    shape = (
        Shape(ONE_HIDDEN, setting="prototypical", nudge="outside", backward="free")
        if mutant.prototypical
        else Shape(ONE_HIDDEN, backward="free")
    )
    return decide_at_random(shape, partial(sides, steps=STEPS))


def _in_balls(mutant: Mutant) -> Outcome:
    network = certified.prototypical("outside") if mutant.prototypical else certified.energy_based()
    setup = partial(certified.random_setup, network, backward_angle=90.0)
    return certified.decide_in_balls(setup, partial(sides, steps=STEPS))


def _engine(_: Mutant) -> Outcome:
    """One mini-batch by the fast engine and by the definition, at finite beta and rates."""
    generator = torch.Generator().manual_seed(0)
    network = Prototypical(certified.prototypical("outside").activations)
    theta = network.initial_parameters(SIZES, generator=generator, backward_angle=90.0)
    x = torch.rand(3, SIZES[0], generator=generator, dtype=torch.float64)
    y = torch.rand(3, SIZES[-1], generator=generator, dtype=torch.float64)
    procedure = Procedure(CORRECTED_C_VF, 0.2, 40, 7)
    rates = learning_rates(network, theta, (0.02, 0.04))
    engine = FastEngine(network, procedure, theta, rates)
    engine.learn(x, y)
    wanted = learn_batch(network, procedure, x, y, theta, rates).parameters
    found = engine.parameters()
    gap = max(float((found[name] - value).abs().max()) for name, value in wanted.items())
    answer = Answer.HOLDS if gap < ROUNDING else Answer.REFUTED
    return Outcome(answer, {"largest difference": gap}, "" if gap < ROUNDING else "weights differ")


METHODS = {
    CORRECTED: (_symbolic, Level.SYMBOLIC, SHAPE),
    CORRECTED_JOINT: (_joint, Level.SYMBOLIC, SHAPE),
    CORRECTED_MODULAR: (_modular, Level.MODULAR, "-".join(map(str, ONE_HIDDEN))),
    CORRECTED_BALLS: (_in_balls, Level.CERTIFIED, "-".join(map(str, certified.SMALL))),
    ENGINE: (_engine, Level.NUMERICAL, "-".join(map(str, SIZES))),
}
"""As :data:`theory.mutants.table.METHODS`, for the statement of corrected C-VF."""
