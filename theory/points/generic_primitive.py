"""A network whose primitive function is any function: its Taylor coefficients are free symbols.

``Phi`` is expanded to third order about the steady state, in neurons and parameters together, with
a symbol for each of its derivatives. Mixed derivatives do not depend on the order of
differentiation: that is all that is known of ``Phi``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations_with_replacement, product
from math import factorial
from typing import Any

import numpy as np

from cep_core.arrays import Array, Parameters, State
from theory.arithmetic.polynomials import Ring, symbols
from theory.arithmetic.series import Elements, Series, boxed, constant
from theory.points.steady import SymbolicPoint

HIGHEST = 3


@dataclass(frozen=True)
class GenericPrimitive:
    """``F = dPhi/ds`` of a primitive function given by its derivatives at one point.

    Attributes:
        derivatives: of ``Phi``, by the sorted indices of the variables; neurons first, then
            parameters. The first derivative by neuron ``i`` is ``s_*[i]``: the point is steady.
        origin: ``s_*`` and ``theta``, the point of expansion.
        outputs: the first so many neurons are the output layer.

    """

    derivatives: dict[tuple[int, ...], Any]
    origin: tuple[Elements, Elements]
    outputs: int

    @property
    def time_scale(self) -> int:
        """1: the nudge is subtracted from the next state as it is."""
        return 1

    def _offsets(self, state: State, parameters: Parameters) -> list[Series]:
        """Distance of every neuron and parameter from the point of expansion, as scalars."""
        found = []
        values = [(layer, layer.shape[1]) for layer in state]
        start = 0
        for layer, size in values:
            found += [_entry(layer, (0, i)) - self.origin[0][start + i] for i in range(size)]
            start += size
        theta = parameters["theta"]
        found += [_entry(theta, (i,)) - self.origin[1][i] for i in range(theta.shape[0])]
        return found

    def _gradient(self, variable: int, offsets: Sequence[Series]) -> Series:
        """Derivative of the expansion by one variable."""
        total: Series = offsets[0] * 0 + self.derivatives[(variable,)]
        for extra in range(1, HIGHEST):
            for others in product(range(len(offsets)), repeat=extra):
                term = offsets[others[0]]
                for other in others[1:]:
                    term = term * offsets[other]
                derivative = self.derivatives[tuple(sorted((variable, *others)))]
                term = term * derivative
                total = total + (term / factorial(extra) if extra > 1 else term)
        return total

    def transition(
        self,
        x: Array,  # noqa: ARG002 - the input is part of Phi
        state: State,
        parameters: Parameters,
        nudge: Array | None = None,
    ) -> State:
        """``dPhi/ds``, nudged at the output."""
        offsets = self._offsets(state, parameters)
        new, start = [], 0
        for layer in state:
            size = layer.shape[1]
            row = _row([self._gradient(start + i, offsets) for i in range(size)])
            new.append(row)
            start += size
        if nudge is not None:
            new[0] = new[0] - nudge
        return tuple(new)

    def primitive_gradient(
        self,
        x: Array,  # noqa: ARG002 - the input is part of Phi
        state: State,
        parameters: Parameters,
    ) -> Parameters:
        """``dPhi/dtheta``."""
        offsets = self._offsets(state, parameters)
        neurons = self.origin[0].size
        found = [self._gradient(i, offsets) for i in range(neurons, len(offsets))]
        row = _row(found)
        return {"theta": Series(tuple(c[0] for c in row.coefficients), row.order)}

    def vector_field_gradient(
        self,
        x: Array,  # noqa: ARG002 - refuses whatever it is given
        state: State,  # noqa: ARG002 - likewise
        parameters: Parameters,  # noqa: ARG002 - likewise
        change: State,  # noqa: ARG002 - likewise
    ) -> Parameters:
        """Refuse: this network stands for rules that use the primitive function.

        Raises:
            TypeError: always.

        """
        raise TypeError("a generic primitive function is for EP and C-EP")


def _entry(array: Series, index: tuple[int, ...]) -> Series:
    return Series(tuple(boxed(c[index]) for c in array.coefficients), array.order)


def _row(scalars: Sequence[Series]) -> Series:
    """Join scalars to an array of shape ``(1, n)``."""
    order = min(s.order for s in scalars)
    coefficients = []
    for power in range(order + 1):
        row = np.empty((1, len(scalars)), dtype=object)
        for i, s in enumerate(scalars):
            row[0, i] = s.coefficient(power)[()]
        coefficients.append(row)
    return Series(tuple(coefficients), order)


def generic_primitive(
    ring: Ring, neurons: int, parameters: int, *, order: int = 1
) -> SymbolicPoint:
    """Return a generic primitive function at its steady state; two layers, one output neuron."""
    count = neurons + parameters
    steady = symbols(ring, "s", (neurons,))
    theta = symbols(ring, "theta", (parameters,))
    derivatives: dict[tuple[int, ...], Any] = {(i,): steady[i] for i in range(neurons)}
    for size in range(1, HIGHEST + 1):
        for indices in combinations_with_replacement(range(count), size):
            if indices not in derivatives:
                derivatives[indices] = ring.symbol("Phi_" + "".join(map(str, indices)))
    network = GenericPrimitive(derivatives, (steady, theta), 1)
    y = constant(symbols(ring, "y", (1, 1)), order)
    state = (constant(steady[None, :1], order), constant(steady[None, 1:], order))
    slopes = tuple(np.ones(s.shape, dtype=object) for s in state)
    free = {"theta": constant(theta, order)}
    return SymbolicPoint(network, y, y, free, state, ring=ring, slopes=slopes)
