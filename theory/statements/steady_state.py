"""The steady state: it exists, is unique, and is reached at a rate, where the free phase contracts.

``steady_state`` and ``steady_state_in_ball`` of ``theory/proof/SteadyState.v`` ask for one number,
a bound ``c < 1`` of ``|dF/ds|`` (Euclidean). In the prototypical setting ``dF/ds = sigma'(a) W``:
``c = max sigma' |W|`` serves everywhere, and a free phase from any state is within
``c^T |F(s) - s| / (1 - c)`` of rest; after training it need not be below 1. In the energy-based
setting ``c`` is certified in a ball round where the free phase ends, and the free phase from 0 is
enclosed until it is inside. ``finite_free_phase`` says what ``T`` steps leave in the updates: at
most ``residual / beta dt`` plus the distance, in the first of them.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

from flint import arb_mat

from cep_core.networks import weight
from cep_core.phases import free_phase
from theory.arithmetic.balls import Balls, balls, lower_float, precision, upper_float
from theory.case import Answer, Case, Level, Outcome
from theory.methods.certified import Setup, digit_setup, energy_based, in_balls, prototypical
from theory.methods.contraction import Contraction
from theory.methods.error_bound import contraction_of
from theory.methods.norms import euclidean, operator_norm, operator_norm_from_below, upper
from theory.methods.steady_state import UncertifiedError
from theory.points.trained import trained

BITS = 64
TOLERANCE = 1e-12
"""Distance from rest, Euclidean, at which a prototypical free phase counts as settled."""

BETA = 0.01
ERROR = 1e-6
"""What an energy-based free phase may leave in the first update at :data:`BETA`."""

LARGEST_SLOPE = {"sigmoid": 1, "tanh": 1, "hard-sigmoid": 1}
"""``sigma' = 4 sigma (1 - sigma) = 1 - (1 - 2 sigma)^2``, ``1 - tanh^2``, and 0 or 1: at most 1."""


def decide_in_a_ball(make: Callable[[], Setup]) -> Outcome:
    """Certify a contraction near the end of an energy-based free phase, and a finite ``T``.

    *Holds* if the free phase from 0 is certified to enter the ball, and in float64 is as near to
    rest after ``T`` steps as is claimed.
    """
    setup = make()
    with precision(BITS):
        try:
            near = contraction_of(setup)
            per_step = BETA * upper_float(near.network.dt.matrix[0, 0])
            # |residual| <= 2 distance; e0 of finite_free_phase, with the squared error's L = 1
            distance = ERROR / (2 / per_step + 1)
            steps, entered, radius, rate = near.steps(distance)
        except UncertifiedError as error:
            return Outcome(Answer.UNDECIDED, {"bits": BITS}, str(error))
        left = _distance_after(setup, near, steps, radius)
    numbers: dict[str, Any] = {
        "c at most": rate,
        "in a ball of radius": radius,
        "entered at step": entered,
        "T": steps,
        "distance from rest after T steps, at most": distance,
        "in float64": left,
    }
    reason = (
        f"c <= {rate:.4f} within {radius:.2g} of rest, where a free phase from 0 is from step "
        f"{entered} on; after T = {steps} steps it is within {distance:.1e} and leaves at most "
        f"{ERROR:.0e} in the first update at beta = {BETA} (float64: {left:.1e} away)"
    )
    return Outcome(Answer.HOLDS if left <= distance else Answer.REFUTED, numbers, reason)


def _distance_after(setup: Setup, near: Contraction, steps: int, radius: float) -> float:
    """Bound of the distance from rest after ``steps`` steps in float64."""
    state = free_phase(setup.network, setup.x, setup.parameters, steps=steps).state
    pairs = zip(state, near.center, strict=True)
    return upper_float(euclidean(balls(s.numpy()) - c for s, c in pairs) + near.reach(radius))


def decide_everywhere(make: Callable[[], Setup]) -> Outcome:
    """Certify ``max sigma' |W| < 1`` in a prototypical network of one hidden layer.

    *Holds* with ``T`` if it is below 1; *does not hold* if ``|W|`` alone is certified not to be.
    """
    setup = make()
    network = in_balls(setup.network)
    slope = max(LARGEST_SLOPE[f.name] for f in network.activations)
    with precision(BITS):
        coupling = balls(setup.parameters[weight(0, 1)].numpy()).matrix
        rate = upper(slope * operator_norm(coupling))
        if rate >= 1:
            least = lower_float(slope * operator_norm_from_below(coupling))
            reason = f"max sigma' |W| is at least {least:.4f}: no contraction in this norm"
            answer = Answer.REFUTED if least >= 1 else Answer.UNDECIDED
            return Outcome(answer, {"c at least": least}, reason)
        first = _first_change(setup, network)
        ratio = TOLERANCE * (1 - rate) / first
        steps = max(0, math.ceil(upper_float(ratio.log() / rate.log())))
    numbers = {"c at most": upper_float(rate), "T": steps, "tolerance": TOLERANCE}
    reason = (
        f"c <= {upper_float(rate):.4f} everywhere: one steady state, and a free phase from 0 is "
        f"within {TOLERANCE:.0e} of it after T = {steps} steps"
    )
    return Outcome(Answer.HOLDS, numbers, reason)


def _first_change(setup: Setup, network: Any) -> Any:
    """``|F(0) - 0|``."""
    sizes = [setup.parameters[name].shape[0] for name in ("b_0", "b_1")]
    start = tuple(Balls(arb_mat(1, size), (1, size)) for size in sizes)
    parameters = {name: balls(value.numpy()) for name, value in setup.parameters.items()}
    return euclidean(network.transition(balls(setup.x.numpy()), start, parameters))


def trained_setup() -> Setup:
    """Return 784-512-10, prototypical, after four epochs of EP on the embedded digits."""
    network = prototypical("inside")
    weights = trained(network, epochs=4, batch=20, rate=0.08)
    return replace(digit_setup(network), parameters=weights)


def cases() -> tuple[Case, ...]:
    """Return the cases: both settings, initial and trained weights."""
    everywhere = (
        "the free phase contracts everywhere: c = max sigma' |W| < 1, one steady state, reached "
        "to 1e-12 in T steps"
    )
    case = partial(
        Case,
        "steady_state",
        method=f"steady_state (Coq), c in balls (Arb, {BITS} bits)",
        size="784-512-10",
        level=Level.CERTIFIED,
    )
    return (
        case(
            "energy-based, tanh, initial weights",
            "the free phase contracts round the steady state, c < 1, and T steps from 0 are enough",
            where="one handwritten digit, seed 0",
            decide=partial(decide_in_a_ball, partial(digit_setup, energy_based())),
            cost=10,
        ),
        case(
            "prototypical, sigmoid, initial weights",
            everywhere,
            where="every digit, seed 0; T for one of them",
            decide=partial(decide_everywhere, partial(digit_setup, prototypical("inside"))),
        ),
        case(
            "prototypical, sigmoid, weights after four epochs of EP",
            everywhere,
            where="every digit, seed 0",
            decide=partial(decide_everywhere, trained_setup),
            expected=Answer.REFUTED,
            cost=5,
        ),
    )
