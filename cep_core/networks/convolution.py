"""Edges between feature maps: convolution with pooling, its bias, and a dense read-out of maps.

A convolution sends ``P(w * s)`` forward, ``*`` being the cross-correlation (PyTorch's ``conv2d``)
and ``P`` a pooling; its adjoint at ``s`` sends ``w *^T P'(w * s)^T v`` back: for the maximum,
through the winners that the forward signal of the same state has. The bias is added behind the
pooling, which it does not change: a maximum, a mean and a mean weighted by softmax all move with a
shift of their window. Everything is products of patches and sums (:mod:`cep_core.networks.gather`),
in every number system.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import prod
from typing import Literal

import torch

from cep_core.arrays import Array, Parameters
from cep_core.networks.edges import Bias, Dense, uniform, weight
from cep_core.networks.gather import (
    Maps,
    Pair,
    Windows,
    as_maps,
    by_position,
    flat,
    members,
    over_positions,
    patches,
)
from cep_core.networks.pooling import Members, Pooling, total


@dataclass(frozen=True)
class Convolution:
    """A kernel ``w``, of shape ``(channels, those of the source, rows, columns)``, then a pooling.

    Attributes:
        target: the receiving layer; its maps are those after pooling.
        source: the sending layer, or ``"x"``, whose samples may be flat.
        maps: channels, rows and columns of the source.
        channels: of the target.
        kernel: rows and columns.
        stride: of the convolution.
        padding: zeros on every side.
        pooling: after the convolution; None for none.
        tied: whether the adjoint carries the target's signal back.

    """

    target: int
    source: int | Literal["x"]
    maps: Maps
    channels: int
    kernel: Pair
    stride: Pair = (1, 1)
    padding: Pair = (0, 0)
    pooling: Pooling | None = None
    tied: bool = True

    @property
    def name(self) -> str:
        """``W_target_source``."""
        return weight(self.target, self.source)

    @property
    def names(self) -> tuple[str, ...]:
        """The kernel alone."""
        return (self.name,)

    @property
    def forth(self) -> str:
        """Name of the kernel that carries small changes forth: the same."""
        return self.name

    @property
    def back(self) -> str:
        """Name of the kernel that carries signals back: the same."""
        return self.name

    @property
    def windows(self) -> Windows:
        """Of the kernel on the source."""
        return Windows(self.maps, self.kernel, self.stride, self.padding)

    @property
    def convolved(self) -> Maps:
        """Shape of the maps before pooling."""
        return (self.channels, *self.windows.counts)

    @property
    def pools(self) -> Windows:
        """Of the pooling on the convolved maps; windows of one entry if there is none."""
        if self.pooling is None:
            return Windows(self.convolved, (1, 1))
        return Windows(self.convolved, self.pooling.size, self.pooling.stride)

    @property
    def shape(self) -> Maps:
        """Shape of the target's maps."""
        return (self.channels, *self.pools.counts)

    @property
    def weights(self) -> int:
        """Inputs of one unit before pooling: the fan-in."""
        return self.maps[0] * prod(self.kernel)

    def _rows(self, source: Array) -> Array:
        """Patches of the source: ``(B * windows, weights)``."""
        found = patches(self.windows)(source)
        return found.reshape((found.shape[0] * found.shape[1], self.weights))

    def _matrix(self, name: str, parameters: Parameters) -> Array:
        return parameters[name].reshape((self.channels, self.weights))

    def correlated(self, source: Array, kernel: Array) -> Array:
        """``w * s`` before pooling, shape ``(B, channels, rows, columns)``."""
        return as_maps(self._rows(source) @ kernel.T, self.convolved)

    def members(self, convolved: Array) -> Members:
        """The entries of every window of the pooling."""
        return [take(convolved) for take in members(self.pools)]

    def _unpooled(self, parts: Members) -> Array:
        """Sum what each entry of a window receives into maps."""
        pairs = zip(members(self.pools), parts, strict=True)
        return total([take.transposed(part) for take, part in pairs])

    def forward(self, source: Array, parameters: Parameters) -> Array:
        """``P(w * s)``, shape ``(B, *shape)``."""
        convolved = self.forward_maps(source, parameters)
        return convolved if self.pooling is None else self.pooling.value(self.members(convolved))

    def forward_maps(self, source: Array, parameters: Parameters) -> Array:
        """``w * s``, what is sent before it is pooled."""
        return self.correlated(source, self._matrix(self.name, parameters))

    def _at(self, at: Array, parameters: Parameters) -> Members:
        return self.members(self.forward_maps(at, parameters))

    def unpooled(self, signal: Array, at: Array, parameters: Parameters) -> Array:
        """``P'(w * at)^T v``: the target's signal on the maps before pooling."""
        if self.pooling is None:
            return signal
        return self._unpooled(self.pooling.back(self._at(at, parameters), signal))

    def _sent_back(self, convolved: Array, parameters: Parameters) -> Array:
        """``w *^T v``, shape ``(B, *maps)``."""
        rows = by_position(convolved, self.convolved) @ self._matrix(self.back, parameters)
        count = prod(self.windows.counts)
        by_sample = rows.reshape((rows.shape[0] // count, count * self.weights))
        return patches(self.windows).transposed(by_sample)

    def adjoint(self, signal: Array, at: Array, parameters: Parameters) -> Array:
        """``w *^T P'(w * at)^T v``, shape ``(B, *maps)``."""
        return self._sent_back(self.unpooled(signal, at, parameters), parameters)

    def along(self, vector: Array, at: Array, parameters: Parameters) -> Array:
        """``P'(w * at) (w * v)``: what a small change of the source adds to what is sent."""
        moved = self.correlated(vector, self._matrix(self.forth, parameters))
        if self.pooling is None:
            return moved
        return self.pooling.along(self._at(at, parameters), self.members(moved))

    def winners(self, source: Array, parameters: Parameters) -> Array | None:
        """Index of the winner in every window, ``(B, *shape)``; None without a maximum."""
        asked = getattr(self.pooling, "winners", None)
        return None if asked is None else asked(self._at(source, parameters))

    def _product(self, source: Array, convolved: Array) -> Array:
        """Sum over samples and positions of ``v_i patch_i^T``, shaped as the kernel."""
        matrix = by_position(convolved, self.convolved).T @ self._rows(source)
        return matrix.reshape((self.channels, self.maps[0], *self.kernel))

    def gradient(
        self, source: Array, signal: Array, at: Array, parameters: Parameters
    ) -> Parameters:
        """Correlation of the source with ``P'(w * at)^T v``, summed over the mini-batch."""
        return {self.name: self._product(source, self.unpooled(signal, at, parameters))}

    def _bend(
        self, vector: Array, signal: Array, at: Array, parameters: Parameters, kernel: str
    ) -> Array | None:
        """Derivative of ``v P'(z) (w * u)`` in ``z = w * at``, for ``u`` sent by a kernel."""
        if self.pooling is None:
            return None
        moved = self.members(self.correlated(vector, self._matrix(kernel, parameters)))
        parts = self.pooling.bend(self._at(at, parameters), moved, signal)
        return None if parts is None else self._unpooled(parts)

    def adjoint_gradient(
        self, change: Array, signal: Array, at: Array, parameters: Parameters
    ) -> Parameters:
        """Derivative of ``<change, adjoint(v, at)>`` in the parameters, summed over samples."""
        found = {self.back: self._product(change, self.unpooled(signal, at, parameters))}
        bent = self._bend(change, signal, at, parameters, self.back)
        if bent is not None:
            more = self._product(at, bent)
            known = found.get(self.name)
            found[self.name] = more if known is None else known + more
        return found

    def bent(self, vector: Array, signal: Array, at: Array, parameters: Parameters) -> Array | None:
        """Derivative of ``adjoint(v, at)`` in ``at``, along a vector; None if it is zero."""
        found = self._bend(vector, signal, at, parameters, self.forth)
        return None if found is None else self._sent_back(found, parameters)

    def target_shape(
        self, source: tuple[int, ...] | None, parameters: Parameters
    ) -> tuple[int, ...]:
        """``(channels, rows, columns)`` after pooling."""
        return self.shape

    def initial(self, sizes: object, generator: torch.Generator) -> dict[str, torch.Tensor]:
        """Uniform in ``±1/sqrt(fan_in)``, PyTorch's default; the sizes are the edge's own."""
        shape = (self.channels, self.maps[0], *self.kernel)
        return {name: uniform(shape, self.weights, generator) for name in self.names}


@dataclass(frozen=True)
class UntiedConvolution(Convolution):
    """A convolution whose signal back has a kernel of its own, ``V``, shaped as the forward one.

    It sends ``V *^T P'(w * s)^T v`` back: the winners are those of the forward kernel. There is no
    primitive function; C-VF is the rule.

    Attributes:
        exchanged: whether the two kernels have changed places, the winners excepted, as in the
            transpose of the Jacobian.

    """

    exchanged: bool = False

    @property
    def symmetric(self) -> bool:
        """False: the two directions have weights of their own."""
        return False

    @property
    def names(self) -> tuple[str, ...]:
        """The forward and the backward kernel."""
        return (self.name, weight(int(self.source), self.target))

    @property
    def forth(self) -> str:
        """The forward kernel, the backward one if they are exchanged."""
        return self.names[self.exchanged]

    @property
    def back(self) -> str:
        """The other kernel."""
        return self.names[not self.exchanged]

    @property
    def reverse(self) -> UntiedConvolution:
        """The edge with its two kernels exchanged."""
        return replace(self, exchanged=not self.exchanged)

    def initial(self, sizes: object, generator: torch.Generator) -> dict[str, torch.Tensor]:
        """The forward kernel as when tied; the backward one starts as a copy of it."""
        forward, backward = self.names
        drawn = super().initial(sizes, generator)[forward]
        return {forward: drawn, backward: drawn.clone()}


def _spread(value: Array, maps: Maps) -> Array:
    return over_positions(maps)(value.reshape((1, maps[0])))


def per_unit(value: Array, like: Array) -> Array:
    """A bias with one number per unit of a layer shaped as ``like``, one sample for all."""
    _, *shape = like.shape
    if len(shape) == 1 or len(value.shape) > 1:
        return value
    channels, rows, columns = shape
    return _spread(value, (channels, rows, columns))


@dataclass(frozen=True)
class ChannelBias(Bias):
    """A bias ``c`` of shape ``(channels,)``, the same at every position of the target's maps.

    Attributes:
        maps: channels, rows and columns of the target.
        fan_in: inputs of one unit, of which the initial values depend.

    """

    maps: Maps = (1, 1, 1)
    fan_in: int = 1

    def forward(self, source: None, parameters: Parameters) -> Array:
        """``c`` at every position, shape ``(1, channels, rows, columns)``.

        A bias that has this shape already, one number per unit, is sent as it is.
        """
        value = parameters[self.name]
        return value if len(value.shape) > 1 else _spread(value, self.maps)

    def gradient(self, source: None, signal: Array, at: None, parameters: Parameters) -> Parameters:
        """The signal, summed over positions and the mini-batch."""
        return {self.name: by_position(signal, self.maps).sum(0)}

    def target_shape(
        self, source: tuple[int, ...] | None, parameters: Parameters
    ) -> tuple[int, ...]:
        """``(channels, rows, columns)``."""
        return self.maps

    def initial(self, sizes: object, generator: torch.Generator) -> dict[str, torch.Tensor]:
        """Uniform in ``±1/sqrt(fan_in)``, PyTorch's default."""
        return {self.name: uniform((self.maps[0],), self.fan_in, generator)}


@dataclass(frozen=True)
class DenseFromMaps(Dense):
    """A weight matrix that reads feature maps, flattened channel by channel, row by row.

    Attributes:
        maps: channels, rows and columns of the source.

    """

    maps: Maps = (1, 1, 1)

    def forward(self, source: Array, parameters: Parameters) -> Array:
        """``W vec(v)``, shape ``(B, size_target)``."""
        return super().forward(flat(source), parameters)

    def adjoint(self, signal: Array, at: Array, parameters: Parameters) -> Array:
        """``W^T v`` as maps, shape ``(B, *maps)``."""
        rows = super().adjoint(signal, at, parameters)
        return rows.reshape((rows.shape[0], *self.maps))

    def gradient(
        self, source: Array, signal: Array, at: Array, parameters: Parameters
    ) -> Parameters:
        """Products of the signals at both ends, summed over the mini-batch."""
        return super().gradient(flat(source), signal, at, parameters)


@dataclass(frozen=True)
class DenseToMaps(Dense):
    """A weight matrix whose product is read as feature maps: what is untied from the above.

    Attributes:
        maps: channels, rows and columns of the target.

    """

    maps: Maps = (1, 1, 1)

    def forward(self, source: Array, parameters: Parameters) -> Array:
        """``W v`` as maps, shape ``(B, *maps)``."""
        rows = super().forward(source, parameters)
        return rows.reshape((rows.shape[0], *self.maps))

    def adjoint(self, signal: Array, at: Array, parameters: Parameters) -> Array:
        """``W^T vec(v)``, shape ``(B, size_source)``."""
        return super().adjoint(flat(signal), at, parameters)

    def gradient(
        self, source: Array, signal: Array, at: Array, parameters: Parameters
    ) -> Parameters:
        """Products of the signals at both ends, summed over the mini-batch."""
        return super().gradient(source, flat(signal), at, parameters)

    def target_shape(
        self, source: tuple[int, ...] | None, parameters: Parameters
    ) -> tuple[int, ...]:
        """``(channels, rows, columns)``."""
        return self.maps
