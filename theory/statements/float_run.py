"""The run itself: what a run in floating point has to do with minus the gradients.

The theorem speaks of limits and of real numbers; what is run has ``beta``, ``kappa`` and rounding.
For one run of C-EP in float64, from the zero state to the last step of phase 2, at the paper's
size, it is certified that

    |Delta_s(t) + D nabla_s(t)| <= epsilon  and  |Delta_theta(t) + nabla_theta(t)| <= epsilon,

for every neuron, every parameter and every ``t < K``: ``Delta`` as PyTorch returned it, ``nabla``
the gradients at the network's steady state, which is certified to exist, and ``epsilon`` a number
that is printed. It bounds everything at once: rounding, ``beta``, ``kappa`` and what the free phase
had left. How much of it is rounding is printed too, against the same run enclosed without any.

That the run is one of *this* network is part of it: every state, increment and parameter must lie
in an outward-rounded enclosure of what the step before makes of it
(:mod:`theory.methods.float_run`). A run with one weight moved by 1e-12 is refused. In float32 the
same holds with an ``epsilon`` some thousand times larger: float32 cannot show the theorem well.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

import torch

from theory.arithmetic.balls import KinkError, precision
from theory.case import Answer, Case, Level, Outcome
from theory.methods.certified import (
    AT_A_DIGIT,
    BITS,
    Setup,
    digit_setup,
    energy_based,
    prototypical,
)
from theory.methods.float_run import Certificate, Strengths, run
from theory.methods.steady_state import UncertifiedError

MOVED = 1e-12
"""By how much one weight of a run is moved that must be refused."""

FLOAT64 = Strengths(beta=1e-7, kappa=1e-7, steps=10, tolerance=1e-15)
FLOAT32 = Strengths(beta=1e-3, kappa=1e-4, steps=10, tolerance=1e-7)
LARGEST = {torch.float64: 1e-6, torch.float32: 2e-3}
"""``epsilon`` at most, relative to the largest gradient."""


def _in(setup: Setup, dtype: torch.dtype) -> Setup:
    parameters = {name: value.to(dtype) for name, value in setup.parameters.items()}
    return replace(setup, x=setup.x.to(dtype), y=setup.y.to(dtype), parameters=parameters)


def _with_one_weight_moved(setup: Setup, by: float) -> Setup:
    weights = setup.parameters["W_0_1"].clone()
    weights[1, 2] += by
    return replace(setup, parameters=setup.parameters | {"W_0_1": weights})


def decide(
    make: Callable[[], Setup],
    dtype: torch.dtype,
    strengths: Strengths,
    *,
    moved: float = 0.0,
    bits: int = BITS,
) -> Outcome:
    """Run, certify that the run is one of the network, and bound its errors.

    Args:
        make: the network, its input and its parameters.
        dtype: of the run.
        strengths: of the run.
        moved: added to one weight of the run alone, not of what is certified.
        bits: precision of the balls.

    """
    setup = _in(make(), dtype)
    made = run(_with_one_weight_moved(setup, moved) if moved else setup, strengths)
    numbers: dict[str, Any] = {
        "beta": strengths.beta,
        "kappa": strengths.kappa,
        "K": strengths.steps,
        "T": len(made.free) - 1,
    }
    with precision(bits):
        try:
            certificate = Certificate(setup, made)
            outside = certificate.outside()
            if outside:
                return Outcome(Answer.REFUTED, numbers, outside)
            errors = certificate.errors()
        except (UncertifiedError, KinkError) as error:
            return Outcome(Answer.UNDECIDED, numbers, str(error))
    epsilon = max(errors.neurons, errors.parameters)
    numbers |= {
        "epsilon": epsilon,
        "epsilon, neurons": errors.neurons,
        "epsilon, parameters": errors.parameters,
        "largest gradient": errors.gradient,
        "of which rounding": errors.rounding,
        "states without rounding within": errors.states,
    }
    reason = (
        f"epsilon = {epsilon:.2e}, of which rounding {errors.rounding:.1e} at most; the largest "
        f"gradient is {errors.gradient:.2g}; every state of T = {numbers['T']} transitions is "
        f"within {errors.states:.1e} of the one without rounding"
    )
    small = epsilon <= LARGEST[dtype] * errors.gradient
    return Outcome(Answer.HOLDS if small else Answer.REFUTED, numbers, reason)


def cases() -> tuple[Case, ...]:
    """Return the cases: both settings in float64, one in float32, and a run that is refused."""
    case = partial(
        Case,
        "float_run",
        where=AT_A_DIGIT,
        method=f"outward-rounded enclosures of every step, balls (Arb, {BITS} bits)",
        level=Level.CERTIFIED,
        cost=9,
    )
    energy = partial(digit_setup, energy_based())
    inside = partial(digit_setup, prototypical("inside"))
    rows = (
        ("energy-based, tanh, float64", energy, torch.float64, replace(FLOAT64, steps=15)),
        ("prototypical, sigmoid, float64", inside, torch.float64, FLOAT64),
        ("energy-based, tanh, float32", energy, torch.float32, FLOAT32),
    )
    found = [
        case(
            variant,
            f"at beta = {strengths.beta:g}, kappa = {strengths.kappa:g}: |Delta + nabla| <= "
            f"{LARGEST[dtype]:g} max |nabla|, every neuron, every parameter, all t < K",
            size=f"784-512-10, K = {strengths.steps}",
            decide=partial(decide, make, dtype, strengths),
        )
        for variant, make, dtype, strengths in rows
    ]
    found.append(
        case(
            f"energy-based, tanh, float64, one weight moved by {MOVED:g}",
            "the run is one of the network with the weights before one was moved",
            size=f"784-512-10, K = {FLOAT64.steps}",
            decide=partial(decide, energy, torch.float64, FLOAT64, moved=MOVED),
            expected=Answer.REFUTED,
            cost=1,
        )
    )
    return tuple(found)
