"""A certified bound of the error at given ``beta`` and ``kappa``, and the error that a run makes.

The bound is ``stepwise_bound`` of ``theory/proof/ExpansionBound.v``. Its first-order part is the
second coefficient of cep_core's own nudged phase, run in balls on power series in a common factor
of ``beta`` and ``kappa``; its numbers come from :mod:`theory.methods.expansion`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from flint import arb
from numpy.typing import NDArray

from cep_core.arrays import Array, State
from cep_core.check.bptt import nabla
from cep_core.networks import EnergyBased
from cep_core.phases import NudgedStep, free_phase, nudged_phase
from cep_core.problem import Problem
from cep_core.rules import C_EP
from theory.arithmetic.balls import Balls, balls, scalar, upper_float
from theory.arithmetic.jets import Jet, coefficient
from theory.methods.certified import Setup, in_balls
from theory.methods.contraction import Contraction, contraction
from theory.methods.expansion import Constants, Layers, lit
from theory.methods.norms import euclidean, upper
from theory.methods.stepwise import Certificate, certificate

ALONE_WITHIN = 2.0**-10
"""Radius of the ball in which the free phase must contract; the steady state is alone in it."""


@dataclass(frozen=True)
class Rest:
    """A steady state that exists, in balls.

    Attributes:
        layers: network, input without dark pixels, parameters, and the steady state.
        y: target, shape ``(1, size_0)``.
        jacobian_norm: bound of ``|dF/ds|`` there.

    """

    layers: Layers
    y: Balls
    jacobian_norm: Any


def settled(setup: Setup) -> State:
    """Run the free phase in float64 until it moves by rounding only."""
    return free_phase(
        setup.network, setup.x, setup.parameters, steps=setup.free_steps, tolerance=1e-15
    ).state


def contraction_of(setup: Setup) -> Contraction:
    """Bound residual and Jacobian where the free phase in float64 ends.

    Raises:
        TypeError: the network is not energy-based.

    """
    network = in_balls(setup.network)
    if not isinstance(network, EnergyBased):
        raise TypeError(f"network: expected energy-based, found {setup.network}")
    parameters = {name: balls(value.numpy()) for name, value in setup.parameters.items()}
    end = [s.numpy() for s in settled(setup)]
    return contraction(network, balls(setup.x.numpy()), parameters, end)


def rest(setup: Setup) -> Rest:
    """Certify the steady state of an energy-based network, at the current precision.

    Raises:
        UncertifiedError: the free phase is not seen to contract near where it ends.
        TypeError: the network is not energy-based.
        ValueError: it is no chain of tied layers with ``rho'`` everywhere.

    """
    near = contraction_of(setup)
    reach = near.reach(ALONE_WITHIN)
    ball = arb(0, reach)
    state = tuple(s.each(lambda e: e + ball) for s in near.center)
    parameters = {name: balls(value.numpy()) for name, value in setup.parameters.items()}
    x, lit_parameters = lit(balls(setup.x.numpy()), parameters, len(state))
    layers = Layers(near.network, x, lit_parameters, state)
    curvature = layers.constants(near.jacobian_norm, reach).curvature
    jacobian = upper(near.jacobian_norm + curvature * reach)
    return Rest(layers, balls(setup.y.numpy()), jacobian)


@dataclass(frozen=True)
class Bound:
    """Bounds of the error for ``t = 0 … K-1``, over all neurons and over all parameters.

    Attributes:
        certificate: the numbers of the neurons' bound.
        state: bounds of ``|Delta_s(t) + nabla_s(t)|``.
        param: bounds of ``|Delta_theta(t) + nabla_theta(t)|``.

    """

    certificate: Certificate
    state: NDArray[np.float64]
    param: NDArray[np.float64]


def bound(
    point: Rest,
    *,
    beta: float,
    kappa: float,
    steps: int,
    constants: Callable[[Layers, Any, Any], Constants] = Layers.constants,
) -> Bound:
    """Certify the bound, at the current precision.

    Args:
        point: the steady state.
        beta: nudging strength, positive; one transition carries ``beta dt``.
        kappa: ``eta / (beta dt)``, not negative, one for all parameters.
        steps: ``K``.
        constants: what certifies the constants; replaced by planted errors.

    Raises:
        UncertifiedError: ``beta`` and ``kappa`` are too large for the phase to be confined.

    """
    layers = point.layers
    per_step = (scalar(beta) * layers.network.time_scale).matrix[0, 0]
    sizes = []
    for step in nudged_phase(
        layers.network,
        C_EP,
        layers.x,
        point.y,
        layers.parameters,
        layers.state,
        beta=Jet((0, scalar(beta)), 2),
        kappa=Jet((0, scalar(kappa)), 2),
        steps=steps,
    ):
        parts = [
            _moved(step, 1),
            _moved(step, 2),
            [coefficient(g, 2) for g in step.increment.values()],
        ]
        sizes.append([upper(euclidean(part) / per_step) for part in parts])
    gradients, first, first_param = zip(*sizes, strict=True)
    found = certificate(
        lambda radius: constants(layers, point.jacobian_norm, radius),
        per_step,
        arb(kappa),
        gradients,
        first,
    )
    param = [upper_float(first_param[t] + found.rest_param(t)) for t in range(steps)]
    return Bound(found, np.array([upper_float(e) for e in found.error]), np.array(param))


def _moved(step: NudgedStep, order: int) -> list[Array]:
    """Coefficient of the change of every layer in one step."""
    pairs = zip(step.state, step.following, strict=True)
    return [coefficient(after, order) - coefficient(before, order) for before, after in pairs]


def measured(
    setup: Setup, *, beta: float, kappa: float, steps: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Norms of the errors of a run in float64, ``t = 0 … K-1``: all neurons, all parameters."""
    state = settled(setup)
    network, x, y, theta = setup.network, setup.x, setup.y, setup.parameters
    sides = nabla(Problem(network, x, y, theta), steps=steps, start=state)
    per_step = beta * float(network.time_scale)
    run = nudged_phase(network, C_EP, x, y, theta, state, beta=beta, kappa=kappa, steps=steps)
    found = []
    for t, step in enumerate(run):
        neurons = [
            (b - a) / per_step + sides.state[n][t]
            for n, (a, b) in enumerate(zip(step.state, step.following, strict=True))
        ]
        moved = [g / per_step + sides.parameters[name][t] for name, g in step.increment.items()]
        found.append(
            [float(sum(e.square().sum() for e in part)) ** 0.5 for part in (neurons, moved)]
        )
    table = np.array(found)
    return table[:, 0], table[:, 1]
