"""Where the free phase contracts: a steady state, its uniqueness and its rate, from one number.

If ``|dF/ds| <= c < 1`` in a ball of radius ``R`` round any point ``m`` and
``|F(m) - m| <= (1 - c) R``, then there is one steady state in the ball, it is within
``|F(m) - m| / (1 - c)`` of ``m``, and every free phase from inside approaches it as ``c^t``
(``steady_state_in_ball`` in ``theory/proof/SteadyState.v``). Norms are Euclidean, over the neurons
of all layers.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from flint import arb
from numpy.typing import NDArray

from cep_core.arrays import Parameters, State
from cep_core.networks import EnergyBased
from theory.arithmetic.balls import Balls, balls, upper_float
from theory.methods.expansion import Layers
from theory.methods.norms import euclidean, symmetric_norm, upper
from theory.methods.steady_state import Equation, UncertifiedError, folded, split

RADII = tuple(2.0**-k for k in range(2, 14, 2))
"""Radii of the balls that are tried, the widest first."""

MOST_STEPS = 2000
"""Longest free phase that is enclosed on the way into a ball."""


@dataclass(frozen=True)
class Contraction:
    """The free phase of an energy-based network near a point that it settles to.

    Attributes:
        network: with activations on balls.
        x: input with its drive in the bias (:func:`theory.methods.steady_state.folded`).
        parameters: ``theta``, likewise.
        center: the point ``m``, exact.
        residual: bound of ``|F(m) - m|``.
        jacobian_norm: bound of ``|dF/ds|`` at ``m``.

    """

    network: EnergyBased
    x: Balls
    parameters: Parameters
    center: State
    residual: Any
    jacobian_norm: Any

    def rate(self, radius: float) -> Any:
        """Bound of ``|dF/ds|`` in the ball of this radius round the centre."""
        layers = Layers(self.network, self.x, self.parameters, self.center)
        curvature = layers.constants(self.jacobian_norm, arb(radius)).curvature
        return upper(self.jacobian_norm + curvature * radius)

    def reach(self, radius: float) -> Any:
        """How far from the centre the steady state is at most, alone within ``radius``.

        Raises:
            UncertifiedError: the free phase is not seen to contract in the ball.

        """
        rate = self.rate(radius)
        if not (rate < 1 and self.residual <= (1 - rate) * radius):
            raise UncertifiedError(
                f"the free phase is not seen to contract within {radius:.2g} of where it ended: "
                f"|dF/ds| is at most {upper_float(rate):.4g} there, and the residual at most "
                f"{upper_float(self.residual):.2g}"
            )
        return upper(self.residual / (1 - rate))

    def _distances(self) -> list[Any]:
        """Distances from the centre of the free phase from 0, step by step, enclosed."""
        state: State = tuple(s * 0 for s in self.center)
        found = []
        for _ in range(MOST_STEPS):
            found.append(euclidean(s - c for s, c in zip(state, self.center, strict=True)))
            if found[-1] < RADII[-1]:
                break
            state = self.network.transition(self.x, state, self.parameters)
        return found

    def steps(self, tolerance: float) -> tuple[int, int, float, float]:
        """Steps of the free phase from 0 after which it is within ``tolerance`` of rest, for good.

        Returns:
            ``T``; the step at which it enters a ball in which it contracts, chosen for the smallest
            ``T``; the radius of the ball; the rate there.

        Raises:
            UncertifiedError: the free phase is not seen to enter such a ball.

        """
        distances = self._distances()
        best: tuple[int, int, float, float] | None = None
        for radius in RADII:
            rate = self.rate(radius)
            entered = next((t for t, d in enumerate(distances) if d <= radius), None)
            if entered is None or not rate < 1 or not self.residual <= (1 - rate) * radius:
                continue
            away = distances[entered] + self.reach(radius)
            further = math.ceil(upper_float((away / tolerance).log() / -rate.log()))
            candidate = (entered + max(0, further), entered, radius, upper_float(rate))
            best = candidate if best is None else min(best, candidate)
        if best is None:
            raise UncertifiedError(
                f"the free phase from 0 was not seen to enter a ball in which it contracts within "
                f"{MOST_STEPS} steps; |dF/ds| at the end is at most "
                f"{upper_float(self.jacobian_norm):.4g}"
            )
        return best


def contraction(
    network: EnergyBased, x: Balls, parameters: Parameters, end: Sequence[NDArray[np.float64]]
) -> Contraction:
    """Bound residual and Jacobian at the state in which a free phase in floating point ended.

    Args:
        network: with activations on balls.
        x: input, shape ``(1, size_x)``.
        parameters: ``theta``, as balls.
        end: the state, shapes ``(1, size_n)``; taken as exact.

    """
    input_, folded_parameters = folded(network, x, parameters)
    sizes = tuple(int(s.shape[1]) for s in end)
    equation = Equation(network, input_, folded_parameters, sizes)
    row = balls(np.concatenate(end, axis=1)).matrix
    jacobian = equation.jacobian(row) + balls(np.eye(sum(sizes))).matrix
    residual = equation.residual(row)
    return Contraction(
        network,
        input_,
        folded_parameters,
        split(row, sizes),
        euclidean([Balls(residual, (1, sum(sizes)))]),
        symmetric_norm(jacobian),
    )
