"""The error at given ``beta`` and ``kappa``: a bound that is close to the error itself.

``|Delta_s(t) + nabla_s(t)|`` and ``|Delta_theta(t) + nabla_theta(t)|``, Euclidean, over all neurons
and over all parameters, are bounded by ``stepwise_bound`` of ``theory/proof/ExpansionBound.v``: a
vector of first order in ``beta`` and ``kappa``, and a rest of second order, whose bound is
multiplied by ``|J| + drift`` from step to step. Its hypotheses are numbers, certified in balls at a
steady state that is certified to exist (:mod:`theory.methods.error_bound`). It is compared with the
error of a run in float64.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

from flint import arb

from theory.arithmetic.balls import lower_float, precision, upper_float
from theory.case import Answer, Case, Level, Outcome
from theory.methods.certified import Setup, digit_setup, energy_based
from theory.methods.error_bound import Bound, bound, measured, rest
from theory.methods.expansion import Constants, Layers
from theory.methods.steady_state import UncertifiedError
from theory.methods.uniform import uniform
from theory.points.trained import trained

BITS = 64
STEPS = 15
"""``K`` of the paper's C-EP-1h."""

STRENGTHS = ((0.01, 0.002), (0.05, 0.005))
"""``beta`` and ``kappa = eta / (beta dt)``."""

BALL = arb(0.02)
"""Radius of the ball of states for the bound that serves all ``t``."""

LARGEST_RATIO = 10.0
"""A bound further than this from the measured error says too little."""

ROUNDING = 1e-9
"""The neurons' first update has no error, from rest: more than this is no rounding."""


def decide(
    make: Callable[[], Setup],
    *,
    strengths: tuple[tuple[float, float], ...] = STRENGTHS,
    steps: int = STEPS,
    constants: Callable[[Layers, Any, Any], Constants] = Layers.constants,
) -> Outcome:
    """Certify the bound at each ``beta`` and ``kappa`` and hold it against a run in float64.

    *Holds* if no measured error passes its bound and none is below a tenth of it.
    """
    setup = make()
    try:
        with precision(BITS):
            point = rest(setup)
            bounds = [
                bound(point, beta=beta, kappa=kappa, steps=steps, constants=constants)
                for beta, kappa in strengths
            ]
            numbers: dict[str, Any] = {"|J| at most": upper_float(point.jacobian_norm)}
            gradient = bounds[0].certificate.nabla[0]
            for_all = uniform(point.layers.constants(point.jacobian_norm, BALL), gradient)
    except UncertifiedError as error:
        return Outcome(Answer.UNDECIDED, {"bits": BITS}, str(error))
    right, reasons = True, []
    if for_all is not None:
        numbers["uniform radius"] = lower_float(for_all.radius)
        reasons.append(
            f"one bound serves all t up to beta dt + kappa = {lower_float(for_all.radius):.1e}"
        )
    for (beta, kappa), found in zip(strengths, bounds, strict=True):
        compared, reason, listed = _compare(found, setup, beta, kappa, steps)
        where = f"beta = {beta}, kappa = {kappa}"
        right &= compared
        reasons.append(f"at {where} {reason}")
        numbers[where] = listed
    return Outcome(Answer.HOLDS if right else Answer.REFUTED, numbers, "; ".join(reasons))


def _compare(
    found: Bound, setup: Setup, beta: float, kappa: float, steps: int
) -> tuple[bool, str, dict[str, Any]]:
    neurons, parameters = measured(setup, beta=beta, kappa=kappa, steps=steps)
    pairs = {
        "neurons": (found.state[1:], neurons[1:]),
        "parameters": (found.param, parameters),
    }
    numbers: dict[str, Any] = {"error of the neurons' first update": float(neurons[0])}
    right, seen = bool(neurons[0] <= ROUNDING), []
    for name, (bounds, errors) in pairs.items():
        ratios = bounds / errors
        right &= bool(ratios.min() >= 1 and ratios.max() <= LARGEST_RATIO)
        seen.append(f"{ratios.min():.3f} to {ratios.max():.2f} times that of the {name}")
        numbers[name] = {
            "bound": bounds.tolist(),
            "error": errors.tolist(),
            "bound over error, smallest": float(ratios.min()),
            "bound over error, largest": float(ratios.max()),
        }
    return right, f"the bound is {' and '.join(seen)}", numbers


def trained_setup() -> Setup:
    """Return 784-512-10, energy-based, after one epoch of EP on the embedded digits."""
    network = energy_based()
    weights = trained(network, epochs=1, batch=50, rate=0.1)
    return replace(digit_setup(network), parameters=weights)


def cases() -> tuple[Case, ...]:
    """Return the cases: initial and trained weights."""
    makes: dict[str, tuple[Callable[[], Setup], float]] = {
        "initial weights": (partial(digit_setup, energy_based()), 10),
        "weights after one epoch of EP": (trained_setup, 15),
    }
    return tuple(
        Case(
            "error_bound",
            f"energy-based, tanh, {name}",
            "the certified bound of |Delta + nabla| holds and is at most ten times the measured "
            "error, for the neurons and for the parameters, all t < K",
            f"one handwritten digit, seed 0, beta and kappa of {STRENGTHS}",
            f"stepwise_bound (Coq), its data in balls (Arb, {BITS} bits)",
            f"784-512-10, K = {STEPS}",
            Level.CERTIFIED,
            partial(decide, make),
            cost=cost,
        )
        for name, (make, cost) in makes.items()
    )
