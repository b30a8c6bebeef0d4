"""Directed edges between layers, over any number system.

An edge knows three things: what it sends forward, its adjoint, and the gradient in its parameters.
A *tied* edge carries the signal of its target back to its source by its adjoint, with the same
parameters; a reciprocal pair of edges that are not tied has independent weights. Everything else of
a network, its settings and its rules, is written over edges: another kind of edge is a class with
these methods.

A network has the primitive function ``sum over edges of <v_target, forward(v_source)>`` if every
edge between neurons is tied.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Literal, Protocol, TypeAlias

import torch

from cep_core.arrays import Array, Parameters, Scalar, State

Source: TypeAlias = int | Literal["x"] | None
"""Where an edge starts: a layer, the input, or nowhere (a bias)."""


class Edge(Protocol):
    """A directed connection into a layer; layers are counted from the output.

    An edge that is not linear in what it sends, or whose two directions have weights of their own,
    answers four more questions (:class:`cep_core.networks.convolution.Convolution` does); any other
    need not:

    - ``along(vector, at, parameters)``: ``(d forward / d source)(at) vector``;
    - ``bent(vector, signal, at, parameters)``: derivative of ``adjoint(signal, at)`` in ``at``
      along ``vector``, or None if it is zero;
    - ``adjoint_gradient(change, signal, at, parameters)``: derivative of
      ``<change, adjoint(signal, at)>`` in the parameters;
    - ``symmetric``, False if the adjoint has other weights than the forward signal, and then
      ``reverse``, the edge with the weights of its directions exchanged.
    """

    @property
    def target(self) -> int:
        """The layer that receives what is sent forward."""

    @property
    def source(self) -> Source:
        """The layer that sends; ``"x"`` for the input, None for a bias."""

    @property
    def tied(self) -> bool:
        """Whether the adjoint carries the target's signal back to the source."""

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the edge's parameters."""

    def forward(self, source: Array | None, parameters: Parameters) -> Array:
        """What the target receives, shape ``(B, ...)`` or one that broadcasts to it."""

    def adjoint(self, signal: Array, at: Array, parameters: Parameters) -> Array:
        """``(d forward / d source)^T signal`` at the source signal ``at``, shaped as ``at``."""

    def gradient(
        self, source: Array | None, signal: Array, at: Array | None, parameters: Parameters
    ) -> Parameters:
        """Derivative of ``<signal, forward(source)>`` in the parameters, summed over samples.

        Where the edge is not linear, it is linearised at ``at`` in place of ``source``: for a
        pooled one, with the winners that ``at`` has.
        """

    def target_shape(
        self, source: tuple[int, ...] | None, parameters: Parameters
    ) -> tuple[int, ...] | None:
        """Shape of one sample of the target, or None if the source's is needed and not known."""

    def initial(self, sizes: Sequence[int], generator: torch.Generator) -> dict[str, torch.Tensor]:
        """Draw the parameters in float64, for layers of these sizes, output first, input last."""


def weight(n: int, m: int | str) -> str:
    """Name of the weight that carries the signal of layer ``m`` to layer ``n``."""
    return f"W_{n}_{m}"


def bias(n: int) -> str:
    """Name of the bias of layer ``n``."""
    return f"b_{n}"


def uniform(shape: tuple[int, ...], fan_in: int, generator: torch.Generator) -> torch.Tensor:
    """Draw numbers uniformly in ``±1/sqrt(fan_in)``, float64."""
    drawn = torch.rand(shape, generator=generator, dtype=torch.float64)
    return (2 * drawn - 1) * (1 / math.sqrt(fan_in))


@dataclass(frozen=True)
class Dense:
    """A weight matrix ``W`` of shape ``(size_target, size_source)``.

    From a layer to itself, tied, it is a lateral connection with matrix ``W + W^T``; past a layer,
    a skip connection; not tied, one direction of a pair or of a loop.

    Attributes:
        target: the receiving layer.
        source: the sending layer, or ``"x"``.
        tied: whether ``W^T`` carries the signal back.

    """

    target: int
    source: int | Literal["x"]
    tied: bool = True

    @property
    def name(self) -> str:
        """``W_target_source``."""
        return weight(self.target, self.source)

    @property
    def names(self) -> tuple[str, ...]:
        """The weight alone."""
        return (self.name,)

    def forward(self, source: Array, parameters: Parameters) -> Array:
        """``W v``, shape ``(B, size_target)``."""
        return source @ parameters[self.name].T

    def adjoint(self, signal: Array, at: Array, parameters: Parameters) -> Array:
        """``W^T v``, shape ``(B, size_source)``."""
        return signal @ parameters[self.name]

    def gradient(
        self, source: Array, signal: Array, at: Array, parameters: Parameters
    ) -> Parameters:
        """Products of the signals at both ends, summed over the mini-batch."""
        return {self.name: signal.T @ source}

    def target_shape(
        self,
        source: tuple[int, ...] | None,
        parameters: Parameters,
    ) -> tuple[int, ...]:
        """``(size_target,)``."""
        return (parameters[self.name].shape[0],)

    def initial(self, sizes: Sequence[int], generator: torch.Generator) -> dict[str, torch.Tensor]:
        """Uniform in ``±1/sqrt(fan_in)``, the fan-in being the size of the source."""
        fan_in = sizes[-1 if self.source == "x" else self.source]
        return {self.name: uniform((sizes[self.target], fan_in), fan_in, generator)}


@dataclass(frozen=True)
class Bias:
    """A bias ``b`` of shape ``(size_target,)``.

    Attributes:
        target: the layer that receives it.

    """

    target: int
    source: None = None
    tied: bool = False

    @property
    def name(self) -> str:
        """``b_target``."""
        return bias(self.target)

    @property
    def names(self) -> tuple[str, ...]:
        """The bias alone."""
        return (self.name,)

    def forward(self, source: None, parameters: Parameters) -> Array:
        """``b``, which broadcasts over the samples."""
        return parameters[self.name]

    def adjoint(self, signal: Array, at: Array, parameters: Parameters) -> Array:
        """Nothing is sent back: no layer is the source.

        Raises:
            TypeError: always.

        """
        raise TypeError("a bias has no source to send a signal back to")

    def gradient(self, source: None, signal: Array, at: None, parameters: Parameters) -> Parameters:
        """The signal, summed over the mini-batch."""
        return {self.name: signal.sum(0)}

    def target_shape(
        self,
        source: tuple[int, ...] | None,
        parameters: Parameters,
    ) -> tuple[int, ...]:
        """``(size_target,)``."""
        return (parameters[self.name].shape[0],)

    def initial(self, sizes: Sequence[int], generator: torch.Generator) -> dict[str, torch.Tensor]:
        """Uniform in ``±1/sqrt(fan_in)``, the fan-in being the size of the next layer inwards."""
        size, fan_in = sizes[self.target], sizes[self.target + 1]
        return {self.name: uniform((size,), fan_in, generator)}


@cache
def chain(layers: int, backward: tuple[bool, ...] = ()) -> tuple[Edge, ...]:
    """Edges of ``layers`` dense layers, from the input to the output.

    Args:
        layers: number of layers, the input not counted.
        backward: for each pair of layers ``n + 1, n``, output first, whether the signal from
            ``n`` to ``n + 1`` has weights of its own; tied unless given.

    """
    own = backward or (False,) * (layers - 1)
    edges: list[Edge] = []
    for n in reversed(range(layers)):
        last = n == layers - 1
        edges.append(Dense(n, "x" if last else n + 1, tied=not last and not own[n]))
        edges.append(Bias(n))
        if not last and own[n]:
            edges.append(Dense(n + 1, n, tied=False))
    return tuple(edges)


def batch_mean(gradients: Parameters, batch: int) -> Parameters:
    """Gradients summed over ``batch`` samples, averaged."""
    return gradients if batch == 1 else {name: g / batch for name, g in gradients.items()}


def _source_of(edge: Edge, drive: Array, signals: State) -> Array | None:
    if edge.source is None:
        return None
    return drive if edge.source == "x" else signals[edge.source]


def fields(edges: Iterable[Edge], drive: Array, signals: State, parameters: Parameters) -> State:
    """What every layer receives: the sum over its edges, in their order.

    Args:
        edges: of the network.
        drive: what the input sends, shape ``(B, ...)``.
        signals: what the neurons send, one array of shape ``(B, ...)`` per layer, output first.
        parameters: ``theta``.

    Raises:
        ValueError: a layer receives nothing.

    """
    sums: list[Array | None] = [None] * len(signals)

    def receive(n: int, value: Array) -> None:
        sums[n] = value if sums[n] is None else sums[n] + value

    for edge in edges:
        source = _source_of(edge, drive, signals)
        receive(edge.target, edge.forward(source, parameters))
        if edge.tied and isinstance(edge.source, int):
            receive(edge.source, edge.adjoint(signals[edge.target], source, parameters))
    for n, total in enumerate(sums):
        if total is None:
            raise ValueError(f"edges: expected one into every layer, found none into layer {n}")
    return tuple(sums)


def _along(edge: Edge, vector: Array, at: Array, parameters: Parameters) -> Array:
    """What a small change of the source adds to what an edge sends: itself if it is linear."""
    asked = getattr(edge, "along", None)
    return edge.forward(vector, parameters) if asked is None else asked(vector, at, parameters)


def _carries_both_ways(edge: Edge) -> bool:
    """Whether one set of weights carries signals forth and back, so that ``Phi`` has the edge."""
    return edge.tied and getattr(edge, "symmetric", True)


def coupling(
    edges: Iterable[Edge],
    vector: State,
    parameters: Parameters,
    *,
    at: State,
    transposed: bool = False,
) -> State:
    """``C v``: how the fields change with what is sent; or ``C^T v``.

    ``C`` is the derivative of :func:`fields` in the signals: without input and biases.

    Args:
        edges: of the network.
        vector: ``v``, one array per layer, output first.
        parameters: ``theta``.
        at: the signals at which the derivative is taken.
        transposed: every edge the other way round.

    """
    sums = [v * 0 for v in vector]
    for given in edges:
        n, m = given.target, given.source
        if not isinstance(m, int):
            continue
        edge = getattr(given, "reverse", given) if transposed else given
        if edge.tied or not transposed:
            sums[n] = sums[n] + _along(edge, vector[m], at[m], parameters)
        if edge.tied or transposed:
            sums[m] = sums[m] + edge.adjoint(vector[n], at[m], parameters)
        bent = getattr(edge, "bent", None) if edge.tied else None
        more = None if bent is None else bent(vector[m], at[n], at[m], parameters)
        if more is not None:
            sums[m] = sums[m] + more
    return tuple(sums)


def primitive_gradient(
    edges: Iterable[Edge],
    drive: Array,
    signals: State,
    parameters: Parameters,
    scale: Scalar | None,
    at: State | None = None,
) -> Parameters:
    """``dPhi/dtheta``: products of the signals at both ends of every edge, mean over samples.

    Args:
        edges: of the network.
        drive: what the input sends.
        signals: what the neurons send.
        parameters: ``theta``.
        scale: factor on every product; None for 1.
        at: signals at which pooled edges have their winners; ``signals`` unless given.

    Raises:
        TypeError: an edge between neurons is not tied, so that there is no primitive function.

    """
    found: Parameters = {}
    for edge in edges:
        if isinstance(edge.source, int) and not _carries_both_ways(edge):
            raise TypeError(
                f"a network whose weight {', '.join(edge.names)} is not tied to a backward one has "
                "no primitive function: use rule C-VF"
            )
        v = signals[edge.target]
        source = _source_of(edge, drive, signals)
        post = v if scale is None else v * scale
        where = _source_of(edge, drive, signals if at is None else at)
        _add(found, edge.gradient(source, post, where, parameters))
    return batch_mean(_in_order(found, parameters), drive.shape[0])


def field_gradient(
    edges: Iterable[Edge], drive: Array, signals: State, change: State, parameters: Parameters
) -> Parameters:
    """Derivative of ``sum(change * fields)`` in every parameter, mean over samples.

    Args:
        edges: of the network.
        drive: what the input sends.
        signals: what the neurons send.
        change: one array per layer, shaped as the fields.
        parameters: ``theta``.

    """
    found: Parameters = {}
    for edge in edges:
        source = _source_of(edge, drive, signals)
        _add(found, edge.gradient(source, change[edge.target], source, parameters))
        if edge.tied and isinstance(edge.source, int):
            back = getattr(edge, "adjoint_gradient", edge.gradient)
            _add(found, back(change[edge.source], signals[edge.target], source, parameters))
    return batch_mean(_in_order(found, parameters), drive.shape[0])


def _add(found: Parameters, more: Parameters) -> None:
    for name, value in more.items():
        found[name] = found[name] + value if name in found else value


def _in_order(found: Parameters, parameters: Parameters) -> Parameters:
    return {name: found[name] for name in parameters if name in found}
