"""Convolutional networks over polynomials and in a prime field: any pooling that is linear nearby.

The *shares* with which the entries of a window enter its pooled value are free: of every window, of
every sample. So an identity that is found holds for the mean, for a maximum with whatever winners,
and for any mixture of them, as long as the shares do not change: away from ties.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from dataclasses import fields as dataclass_fields
from typing import Any

from cep_core.activations import Activation
from cep_core.arrays import Array, Parameters
from cep_core.networks import (
    AveragePooling,
    Bias,
    ChannelBias,
    Convolution,
    ConvolutionalShape,
    DenseFromMaps,
    Edge,
    Nudge,
    Prototypical,
    fields,
    weight,
)
from cep_core.networks.gather import Maps
from cep_core.networks.pooling import GivenShares, Members, total
from theory.arithmetic.free_activation import FreeActivation
from theory.arithmetic.jets import Smooth
from theory.arithmetic.polynomials import FlintRing, Ring, symbols
from theory.arithmetic.series import Series, constant
from theory.points.arbitrary import ArbitraryPoint
from theory.points.drawn import Draw, Taylor
from theory.points.point import Point
from theory.points.steady import SymbolicPoint

AVERAGE, ANY_SHARES = "average pooling", "any shares (a maximum with its winners)"
CURVED = "any slopes and curvatures"
POOLINGS = (AVERAGE, ANY_SHARES)
"""Those that are linear nearby."""


@dataclass(frozen=True)
class CurvedPooling(GivenShares):
    """``sum_k m_k z_k + c_k z_k^2 / 2``, with free ``m_k`` and ``c_k``: ``Phi`` is not linear.

    Attributes:
        curvature: for each entry of a window, shaped as the value.

    """

    curvature: Members = ()

    def value(self, members: Members) -> Array:
        """The sum."""
        halves = [z * z * c / 2 for z, c in zip(members, self.curvature, strict=True)]
        return total([super().along(members, members), *halves])

    def _slopes(self, members: Members) -> Members:
        parts = zip(self.given, self.curvature, members, strict=True)
        return [m + c * z for m, c, z in parts]

    def along(self, members: Members, direction: Members) -> Array:
        """``sum_k (m_k + c_k z_k) u_k``."""
        return total([u * g for u, g in zip(direction, self._slopes(members), strict=True)])

    def back(self, members: Members, signal: Array) -> Members:
        """``(m_k + c_k z_k) v``."""
        return [signal * g for g in self._slopes(members)]

    def bend(
        self,
        members: Members,  # noqa: ARG002 - the same everywhere
        direction: Members,
        signal: Array,
    ) -> Members | None:
        """``c_k u_k v``."""
        return [u * c * signal for u, c in zip(direction, self.curvature, strict=True)]


IMAGE: Maps = (1, 1, 7)


def toy(pooling: str, share: Callable[..., Array], batch: int) -> tuple[Edge, ...]:
    """One-dimensional: kernels of 2, pooling of 2, 1 and 2 channels, 2 outputs.

    From 7 inputs to 1x3 units, to 2x1 units, to 2 outputs; kernels between neurons are shared by
    two positions, as those at the input are by six.
    """
    found: list[Edge] = []
    maps = IMAGE
    for target, source, channels in ((2, "x", 1), (1, 2, 2)):
        plain = Convolution(
            target,
            source,  # type: ignore[arg-type]
            maps,
            channels,
            (1, 2),
            pooling=AveragePooling((1, 2), (1, 2)),
            tied=source != "x",
        )
        edge = plain if pooling == AVERAGE else _with_shares(plain, share, batch, pooling)
        found += [edge, ChannelBias(target, maps=plain.shape, fan_in=plain.weights)]
        maps = plain.shape
    return (*found, DenseFromMaps(0, 1, maps=maps), Bias(0))


TOY_STATES: tuple[tuple[int, ...], ...] = ((2,), (2, 1, 1), (1, 1, 3))
TOY_PARAMETERS: dict[str, tuple[int, ...]] = {
    weight(2, "x"): (1, 1, 1, 2),
    "b_2": (1,),
    weight(1, 2): (2, 1, 1, 2),
    "b_1": (2,),
    weight(0, 1): (2, 2),
    "b_0": (2,),
}


def _with_shares(
    edge: Convolution, share: Callable[..., Array], batch: int, kind: str = ANY_SHARES
) -> Convolution:
    """The edge with free shares for every entry of every window of every sample."""
    pooling = edge.pooling
    assert pooling is not None
    count = pooling.size[0] * pooling.size[1]

    def drawn() -> Members:
        return tuple(share(batch, *edge.shape) for _ in range(count))

    windows = pooling.size, pooling.stride
    if kind == CURVED:
        return replace(edge, pooling=CurvedPooling(drawn(), *windows, drawn()))
    return replace(edge, pooling=GivenShares(drawn(), *windows))


def _free(ring: Ring, order: int) -> Callable[..., Series]:
    """Arrays of fresh symbols, constant in the expansion parameter."""

    def share(*shape: int) -> Series:
        return constant(symbols(ring, "m", shape), order)

    return share


def symbolic(ring: Ring, pooling: str, *, nudge: Nudge = "inside", batch: int = 1) -> SymbolicPoint:
    """The toy at a free steady state: its fields follow, its activations have any value there."""

    def free(name: str, *shape: int) -> Series:
        return constant(symbols(ring, name, shape), 1)

    edges = toy(pooling, _free(ring, 1), batch)
    parameters: Parameters = {name: free(name, *size) for name, size in TOY_PARAMETERS.items()}
    x, y = free("x", batch, *IMAGE), free("y", batch, *TOY_STATES[0])
    derivatives = [
        [symbols(ring, f"r{k}_{n}", (batch, *size)) for k in range(2)]
        for n, size in enumerate(TOY_STATES)
    ]
    state = tuple(constant(r[0], 1) for r in derivatives)
    activations = []
    for n, felt in enumerate(fields(edges, x, state, parameters)):
        sigma = FreeActivation(f"of layer {n}")
        sigma.define(felt.constant, derivatives[n])
        activations.append(sigma)
    network = Prototypical(tuple(activations), nudge, edges)
    slopes = tuple(r[1] for r in derivatives)
    return SymbolicPoint(network, x, y, parameters, state, ring=ring, slopes=slopes)


def arbitrary(pooling: str, *, nudge: Nudge, batch: int = 1, capacity: int) -> ArbitraryPoint:
    """The toy at any state, its activations opaque."""
    ring = FlintRing(capacity)

    def free(name: str, *shape: int) -> Series:
        return constant(symbols(ring, name, shape), 1)

    activations = tuple(
        FreeActivation(f"of layer {n}", lambda k: [ring.symbol("r") for _ in range(k)])
        for n in range(len(TOY_STATES))
    )
    return ArbitraryPoint(
        Prototypical(activations, nudge, toy(pooling, _free(ring, 1), batch)),
        free("x", batch, *IMAGE),
        free("y", batch, *TOY_STATES[0]),
        {name: free(name, *size) for name, size in TOY_PARAMETERS.items()},
        tuple(free(f"s_{n}", batch, *size) for n, size in enumerate(TOY_STATES)),
        {name: ring.symbol(f"kappa_{name}") for name in TOY_PARAMETERS},
        ring=ring,
        beta=ring.symbol("beta"),
    )


@dataclass(frozen=True)
class ConvolutionalPoint:
    """What kind of point of a convolutional network to draw.

    Attributes:
        shape: layers; the pooling is replaced.
        pooling: one of :data:`POOLINGS`.
        nudge: see :class:`cep_core.networks.Prototypical`.
        batch: samples in the mini-batch.
        order: highest power of beta that is wanted.

    """

    shape: ConvolutionalShape
    pooling: str
    nudge: Nudge = "inside"
    batch: int = 1
    order: int = 1


def draw_point(
    kind: ConvolutionalPoint, draw: Draw, *, convolution: type[Convolution] = Convolution
) -> Point:
    """Draw a steady state: every weight, input, share and derivative of an activation is free.

    Args:
        kind: of the point.
        draw: from the number system.
        convolution: the edges between neurons, where they are to be of another kind.

    """
    shape = replace(kind.shape, pooling=AveragePooling())

    def made(edge: Edge) -> Edge:
        if not isinstance(edge, Convolution):
            return edge
        shared = _with_shares(edge, draw, kind.batch) if kind.pooling == ANY_SHARES else edge
        if edge.source == "x":
            return shared
        return convolution(**{f.name: getattr(shared, f.name) for f in dataclass_fields(shared)})

    edges = tuple(map(made, shape.edges()))
    parameters = {name: draw(*size) for name, size in shape.parameters.items()}
    x, y = draw(kind.batch, *shape.image), draw(kind.batch, *shape.states[0])
    free = [[draw(kind.batch, *size) for _ in range(kind.order + 3)] for size in shape.states]
    state = tuple(derivatives[0] for derivatives in free)
    activations: list[Activation] = []
    for n, felt in enumerate(fields(edges, x, state, parameters)):
        taylor = Taylor()
        taylor.pieces.append((felt, free[n]))
        activations.append(Smooth(f"sigma_{n}", taylor))
    network = Prototypical(tuple(activations), kind.nudge, edges)
    kappa: dict[str, Any] = {name: draw() for name in parameters}
    return Point(network, x, y, parameters, state, kappa)
