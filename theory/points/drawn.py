"""Steady states drawn at random: one network of a given size, every quantity of it free.

Every weight, bias, input and target, ``dt``, ``kappa``, and the value, slope and higher derivatives
of the activation of every unit at the steady state is a fresh variable. The state itself is
*computed* from these (``s = rho'(s) a``, or ``s = sigma(a)`` with ``sigma(a)`` free), so that every
point is a steady state and nothing is assumed of the activations. The variables are elements of a
prime field, or degrees (:mod:`theory.arithmetic.degrees`), whatever ``draw`` makes.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import factorial
from typing import Literal

from cep_core.activations import Activation, Identity
from cep_core.arrays import Array, Parameters
from cep_core.networks import (
    DriftSlope,
    EnergyBased,
    Network,
    Nudge,
    Prototypical,
    bias,
    edges_of,
    fields,
    weight,
)
from theory.arithmetic.degrees import Degree
from theory.arithmetic.jets import Smooth
from theory.points.point import Point

Draw = Callable[..., Array]
"""Makes an array of fresh independent variables of the given shape."""


@dataclass(frozen=True)
class Shape:
    """What kind of point to draw.

    Attributes:
        sizes: layer sizes from input to output, the first unlike the second.
        setting: of the dynamics.
        batch: samples in the mini-batch.
        linear_output: the identity as the activation of the output (energy-based).
        drift_slope: see :class:`cep_core.networks.EnergyBased`.
        nudge: see :class:`cep_core.networks.Prototypical`.
        backward: ``"tied"``: no backward weights; ``"symmetric"``: weights of their own that are
            the transpose of the forward ones; ``"free"``: any.
        order: highest power of beta that is wanted.

    """

    sizes: tuple[int, ...]
    setting: Literal["energy-based", "prototypical"] = "energy-based"
    batch: int = 1
    linear_output: bool = False
    drift_slope: DriftSlope = "all"
    nudge: Nudge = "inside"
    backward: Literal["tied", "symmetric", "free"] = "tied"
    order: int = 1


class Taylor:
    """The derivatives of an activation: free at the steady state of each unit, and at the input.

    In the prime field it is the polynomial with these derivatives, so that an error which moves the
    state is seen; on degrees, the argument is the steady state itself (an identity of its own,
    which is checked).
    """

    def __init__(self) -> None:
        """Know no point yet."""
        self.pieces: list[tuple[Array, Sequence[Array]]] = []

    def __call__(self, v: Array, k: int) -> Array:
        """The ``k``-th derivative at ``v``."""
        base, known = next(piece for piece in self.pieces if piece[0].shape == v.shape)
        if isinstance(v, Degree):
            return known[k] if k < len(known) else v * 0
        moved = v - base
        total, power = v * 0, v * 0 + 1
        for j, derivative in enumerate(known[k:]):
            total = total + derivative * power / factorial(j)
            power = power * moved
        return total


def draw_point(shape: Shape, draw: Draw) -> Point:
    """Draw a steady state of a network.

    Raises:
        ValueError: the input and the layer next to it have one size, so that their points could
            not be told apart.

    """
    if shape.sizes[0] == shape.sizes[1]:
        msg = f"sizes: expected an input unlike the layer next to it, found {shape.sizes}"
        raise ValueError(msg)
    sizes = shape.sizes[:0:-1]
    last = len(sizes) - 1
    parameters: Parameters = {}
    for n, size in enumerate(sizes):
        above = (weight(n, "x"), shape.sizes[0]) if n == last else (weight(n, n + 1), sizes[n + 1])
        parameters[above[0]] = draw(size, above[1])
        parameters[bias(n)] = draw(size)
    for n in range(last if shape.backward != "tied" else 0):
        forward = parameters[weight(n, n + 1)]
        parameters[weight(n + 1, n)] = (
            forward.T if shape.backward == "symmetric" else draw(sizes[n + 1], sizes[n])
        )
    x, y = draw(shape.batch, shape.sizes[0]), draw(shape.batch, sizes[0])
    free = [[draw(shape.batch, size) for _ in range(shape.order + 3)] for size in sizes]
    kinds = [Taylor() for _ in sizes]
    activations: list[Activation] = [Smooth(f"rho_{n}", taylor) for n, taylor in enumerate(kinds)]
    energy_based = shape.setting == "energy-based"
    drive = draw(shape.batch, shape.sizes[0]) if energy_based else x
    if energy_based:
        kinds[last].pieces.append((x, [drive]))
    signals = [derivatives[0] for derivatives in free]
    if shape.linear_output:
        activations[0] = Identity()
        signals[0] = fields(edges_of(last + 1, parameters), drive, tuple(signals), parameters)[0]
    sums = fields(edges_of(last + 1, parameters), drive, tuple(signals), parameters)
    state = []
    for n, a in enumerate(sums):
        slope = shape.drift_slope == "all" or (shape.drift_slope == "hidden" and n > 0)
        if energy_based:
            linear = n == 0 and shape.linear_output
            state.append(a * free[n][1] if slope and not linear else a)
            kinds[n].pieces.append((state[n], free[n]))
        else:
            state.append(signals[n])
            kinds[n].pieces.append((a, free[n]))
    network: Network = (
        EnergyBased(tuple(activations), draw(), drift_slope=shape.drift_slope)
        if energy_based
        else Prototypical(tuple(activations), nudge=shape.nudge)
    )
    kappa = {name: draw() for name in parameters}
    return Point(network, x, y, parameters, tuple(state), kappa)
