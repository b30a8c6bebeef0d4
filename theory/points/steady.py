"""Steady states with free symbols: every network of a shape, at every point where it may settle.

The activation has free derivatives ``r0, r1, r2, …`` at the steady state, the field ``q`` that
every neuron receives there is free too, and the biases are what makes the point a steady state:
``b = q - W rho(s_*)``, with ``s_* = rho'(s_*) q`` in the energy-based setting and
``s_* = sigma(q)`` in the prototypical one. A further sample of a mini-batch shares the biases, so
its field follows.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import torch

from cep_core.activations import Activation, Identity
from cep_core.arrays import Parameters, State
from cep_core.networks import (
    DriftSlope,
    Edge,
    EnergyBased,
    Nudge,
    Prototypical,
    bias,
    edges_of,
    fields,
    weight,
)
from cep_core.networks.initial import initial_of_edges
from theory.arithmetic.free_activation import FreeActivation
from theory.arithmetic.polynomials import Ring, symbols
from theory.arithmetic.series import Elements, Series, constant
from theory.points.point import Point

Backward = Literal["tied", "transposed", "free"]
"""Backward weights: none of their own; independent ones that start as transposes; free ones."""


@dataclass(frozen=True, kw_only=True)
class SymbolicPoint(Point):
    """A steady state over a ring of polynomials.

    Attributes:
        ring: where the symbols live.
        slopes: first derivative of the activation at the steady state, shaped as the state.

    """

    ring: Ring
    slopes: tuple[Elements, ...]


def sizes_of(shape: str) -> tuple[int, ...]:
    """Layer sizes, input first, of a shape written ``2-3-2``."""
    return tuple(int(size) for size in shape.split("-"))


def _weights(
    ring: Ring, from_output: Sequence[int], backward: Backward, order: int
) -> dict[str, Series]:
    last = len(from_output) - 2
    found: dict[str, Series] = {}
    for n in range(last + 1):
        name = weight(n, "x" if n == last else n + 1)
        found[name] = constant(symbols(ring, name, (from_output[n], from_output[n + 1])), order)
        if n < last and backward != "tied":
            other = weight(n + 1, n)
            shape = (from_output[n + 1], from_output[n])
            copied = found[name].constant.T
            found[other] = constant(
                copied if backward == "transposed" else symbols(ring, other, shape), order
            )
    return found


def _weights_of(
    ring: Ring, edges: Sequence[Edge], from_output: Sequence[int], order: int
) -> dict[str, Series]:
    """A symbol for every entry of every weight of a graph of layers."""
    shapes = initial_of_edges(edges, from_output[::-1], generator=torch.Generator())
    biases = {bias(n) for n in range(len(from_output) - 1)}
    return {
        name: constant(symbols(ring, name, tuple(value.shape)), order)
        for name, value in shapes.items()
        if name not in biases
    }


def _with_biases(
    ring: Ring,
    drive: Series,
    signals: State,
    weights: dict[str, Series],
    *,
    linear_output: bool,
    edges: tuple[Edge, ...] | None = None,
) -> tuple[Parameters, State, State]:
    """Return parameters whose biases make free fields of the first sample, fields and signals.

    With a linear output, what the output layer sends is its field, not a symbol.
    """
    parameters: Parameters = dict(weights)
    for n, v in enumerate(signals):
        zeros = np.zeros(v.shape[1], dtype=object)
        parameters[bias(n)] = constant(zeros, v.order)
    edges = edges_of(len(signals), parameters) if edges is None else edges
    for n in range(len(signals)):
        felt = fields(edges, drive, signals, parameters)[n]
        field = constant(symbols(ring, f"q_{n}", (felt.shape[1],)), felt.order)
        parameters[bias(n)] = field - constant(felt.constant[0], felt.order)
        if n == 0 and linear_output:
            signals = (fields(edges, drive, signals, parameters)[0], *signals[1:])
    return parameters, fields(edges, drive, signals, parameters), signals


def _derivatives(
    ring: Ring, batch: int, from_output: Sequence[int], count: int
) -> list[list[Elements]]:
    """Symbols ``r0, r1, …`` of every layer, each of shape ``(B, size_n)``."""
    return [
        [symbols(ring, f"r{k}_{n}", (batch, size)) for k in range(count)]
        for n, size in enumerate(from_output)
    ]


def prototypical(
    ring: Ring,
    shape: str,
    *,
    nudge: Nudge = "inside",
    batch: int = 1,
    order: int = 1,
    backward: Backward = "tied",
    slope: Callable[[Elements], Elements] | None = None,
    edges: tuple[Edge, ...] | None = None,
    curvature: bool = False,
) -> SymbolicPoint:
    """Return the prototypical setting at a free steady state.

    Args:
        ring: where the symbols come from.
        shape: layer sizes, input first, e.g. ``"2-3-2"``.
        nudge: outside or inside the activation.
        batch: number of samples ``B``.
        order: of the jets.
        backward: the backward weights.
        slope: the activation's slope as a function of its value (``1 - s^2`` for tanh); a free
            symbol unless given. For order 1.
        edges: between the layers, with a bias into each; a chain unless given.
        curvature: whether the slope of the activation is asked for along the phase, too.

    """
    from_output = sizes_of(shape)[::-1]
    weights = (
        _weights(ring, from_output, backward, order)
        if edges is None
        else _weights_of(ring, edges, from_output, order)
    )
    derivatives = _derivatives(ring, batch, from_output[:-1], order + 1 + curvature)
    if slope is not None:
        derivatives = [[r[0], slope(r[0])] for r in derivatives]
    x = constant(symbols(ring, "x", (batch, from_output[-1])), order)
    y = constant(symbols(ring, "y", (batch, from_output[0])), order)
    state = tuple(constant(r[0], order) for r in derivatives)
    parameters, felt, _ = _with_biases(ring, x, state, weights, linear_output=False, edges=edges)
    activations = []
    for n, (field, r) in enumerate(zip(felt, derivatives, strict=True)):
        sigma = FreeActivation(f"of layer {n}")
        sigma.define(field.constant, r)
        activations.append(sigma)
    network = Prototypical(tuple(activations), nudge, edges)
    slopes = tuple(r[1] for r in derivatives)
    return SymbolicPoint(network, x, y, parameters, state, ring=ring, slopes=slopes)


def energy_based(
    ring: Ring,
    shape: str,
    *,
    linear_output: bool = False,
    drift_slope: DriftSlope = "all",
    batch: int = 1,
    order: int = 1,
    backward: Backward = "tied",
    edges: tuple[Edge, ...] | None = None,
) -> SymbolicPoint:
    """Return the energy-based setting at a free steady state; ``dt`` is a free symbol too.

    Args:
        ring: where the symbols come from.
        shape: layer sizes, input first, e.g. ``"2-3-2"``.
        linear_output: the identity activation at the output.
        drift_slope: which layers carry ``rho'``; see :class:`cep_core.networks.EnergyBased`.
        batch: number of samples ``B``.
        order: of the jets.
        backward: the backward weights.
        edges: between the layers, with a bias into each; a chain unless given.

    """
    from_output = sizes_of(shape)[::-1]
    layers = len(from_output) - 1
    weights = (
        _weights(ring, from_output, backward, order)
        if edges is None
        else _weights_of(ring, edges, from_output, order)
    )
    derivatives = _derivatives(ring, batch, from_output[:-1], order + 2)
    if linear_output:
        ones = np.full((batch, from_output[0]), 1, dtype=object)
        derivatives[0] = [derivatives[0][0], ones]
    x = constant(symbols(ring, "x", (batch, from_output[-1])), order)
    drive = constant(symbols(ring, "rho_x", (batch, from_output[-1])), order)
    y = constant(symbols(ring, "y", (batch, from_output[0])), order)
    sent = tuple(constant(r[0], order) for r in derivatives)
    parameters, felt, _ = _with_biases(
        ring, drive, sent, weights, linear_output=linear_output, edges=edges
    )
    activations: list[Activation] = []
    state = []
    for n, (field, r) in enumerate(zip(felt, derivatives, strict=True)):
        slope = drift_slope == "all" or (drift_slope == "hidden" and n > 0)
        s = field * constant(r[1], order) if slope else field
        state.append(s)
        if n == 0 and linear_output:
            activations.append(Identity())
            continue
        rho = FreeActivation(f"of layer {n}")
        rho.define(s.constant, r)
        if n == layers - 1:
            rho.define(x.constant, [drive.constant])
        activations.append(rho)
    network = EnergyBased(tuple(activations), ring.symbol("dt"), drift_slope, edges=edges)
    slopes = tuple(r[1] for r in derivatives)
    return SymbolicPoint(network, x, y, parameters, tuple(state), ring=ring, slopes=slopes)


def is_settled(point: Point) -> bool:
    """Tell whether the network's own free transition leaves the state as it is."""
    following = point.network.transition(point.x, point.state, point.parameters)
    return all(
        not np.any((after - before).constant != 0)
        for before, after in zip(point.state, following, strict=True)
    )


def nonzero(values: Any) -> bool:
    """Tell whether any element of an object array differs from zero."""
    return bool(np.any(values != 0))
