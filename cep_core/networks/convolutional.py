"""Convolutional networks by their shape: maps from the image inwards, then dense layers.

States are counted from the output: the dense layers ``s_0 …``, then the convolutional ones after
pooling, deepest first, each of shape ``(B, channels, rows, columns)``.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import prod
from typing import Any, Literal

import torch

from cep_core.activations import Activation
from cep_core.arrays import Array, Parameters, State
from cep_core.networks.convolution import (
    ChannelBias,
    Convolution,
    DenseFromMaps,
    DenseToMaps,
    UntiedConvolution,
)
from cep_core.networks.edges import Bias, Dense, Edge, bias, primitive_gradient, weight
from cep_core.networks.gather import Maps
from cep_core.networks.initial import flip_probability, initial_of_edges
from cep_core.networks.pooling import MaxPooling, Pooling
from cep_core.networks.prototypical import Nudge, Prototypical

Winners = Literal["current", "one step old"]


@dataclass(frozen=True)
class ConvolutionalShape:
    """Layers of a convolutional network.

    Attributes:
        channels: of the convolutional layers, from the image inwards.
        dense: sizes of the dense layers, the output last.
        image: channels, rows and columns of the input.
        kernel: side of every kernel, or one per layer.
        stride: of every convolution, or one per layer.
        padding: zeros on every side, or one per layer.
        pooling: after every convolution, or one per layer; None for none.

    Raises:
        ValueError: at construction, naming the field: a layer has no room for its kernel or its
            pooling, or a list does not have one entry per convolutional layer.

    """

    channels: tuple[int, ...]
    dense: tuple[int, ...] = (10,)
    image: Maps = (1, 28, 28)
    kernel: int | tuple[int, ...] = 5
    stride: int | tuple[int, ...] = 1
    padding: int | tuple[int, ...] = 0
    pooling: Pooling | tuple[Pooling | None, ...] | None = MaxPooling()  # noqa: RUF009 - immutable

    def __post_init__(self) -> None:
        """Refuse layers that have no room."""
        for field, least in (("channels", 1), ("dense", 1), ("image", 1)):
            if not getattr(self, field) or min(getattr(self, field)) < least:
                found = list(getattr(self, field))
                raise ValueError(f"{field}: expected positive sizes, at least one, found {found}")
        for field, least in (("kernel", 1), ("stride", 1), ("padding", 0)):
            if min(self._each(field)) < least:
                found = getattr(self, field)
                raise ValueError(f"{field}: expected whole numbers from {least}, found {found}")
        for edge in self._convolutions(untied=False):
            index = len(self.dense) + len(self.channels) - 1 - edge.target
            for field, windows in (("kernel", edge.windows), ("pooling", edge.pools)):
                if min(windows.counts) < 1:
                    size = "x".join(map(str, windows.size))
                    rows, columns = windows.maps[1:]
                    raise ValueError(
                        f"{field}[{index}]: expected windows that fit into the maps, "
                        f"found {size} on {rows}x{columns}"
                    )

    @property
    def layers(self) -> int:
        """Number of layers, the image not counted."""
        return len(self.dense) + len(self.channels)

    def _each(self, field: str) -> tuple[Any, ...]:
        value, count = getattr(self, field), len(self.channels)
        if not isinstance(value, tuple):
            return (value,) * count
        if len(value) != count:
            raise ValueError(
                f"{field}: expected one, or {count}, one per convolutional layer, "
                f"found {len(value)}"
            )
        return value

    def _convolutions(self, *, untied: bool) -> list[Convolution]:
        """From the image inwards."""
        last = self.layers - 1
        found: list[Convolution] = []
        maps = self.image
        settings = (self._each(f) for f in ("kernel", "stride", "padding", "pooling"))
        for i, (channels, *settled) in enumerate(zip(self.channels, *settings, strict=True)):
            kernel, stride, padding, pooling = settled
            kind = UntiedConvolution if untied and i > 0 else Convolution
            edge = kind(
                target=last - i,
                source="x" if i == 0 else last - i + 1,
                maps=maps,
                channels=channels,
                kernel=(kernel, kernel),
                stride=(stride, stride),
                padding=(padding, padding),
                pooling=pooling,
                tied=i > 0,
            )
            if min(edge.windows.counts) < 1 or min(edge.pools.counts) < 1:
                return [*found, edge]
            found.append(edge)
            maps = edge.shape
        return found

    def edges(self, *, untied: bool = False) -> tuple[Edge, ...]:
        """From the image to the output, each followed by the bias of its layer.

        Args:
            untied: signals back have weights of their own, which start as the forward ones.

        """
        found: list[Edge] = []
        for conv in self._convolutions(untied=untied):
            found += [conv, ChannelBias(conv.target, maps=conv.shape, fan_in=conv.weights)]
        maps = conv.shape
        first = len(self.dense) - 1
        found += [DenseFromMaps(first, first + 1, tied=not untied, maps=maps), Bias(first)]
        if untied:
            found.append(DenseToMaps(first + 1, first, tied=False, maps=maps))
        for n in range(first - 1, -1, -1):
            found += [Dense(n, n + 1, tied=not untied), Bias(n)]
            if untied:
                found.append(Dense(n + 1, n, tied=False))
        return tuple(found)

    @property
    def states(self) -> tuple[tuple[int, ...], ...]:
        """Shape of one sample of every layer, output first."""
        maps = [conv.shape for conv in self._convolutions(untied=False)]
        return (*((size,) for size in self.dense[::-1]), *reversed(maps))

    @property
    def sizes(self) -> tuple[int, ...]:
        """Units of every layer, the image first."""
        return (prod(self.image), *(prod(shape) for shape in reversed(self.states)))

    @property
    def parameters(self) -> dict[str, tuple[int, ...]]:
        """Shape of every tied parameter by name."""
        found: dict[str, tuple[int, ...]] = {}
        for conv in self._convolutions(untied=False):
            found[conv.name] = (conv.channels, conv.maps[0], *conv.kernel)
            found[bias(conv.target)] = (conv.channels,)
        inputs = prod(conv.shape)
        for n, size in reversed(list(enumerate(self.dense[::-1]))):
            found[weight(n, n + 1)], found[bias(n)] = (size, inputs), (size,)
            inputs = size
        return found

    @property
    def patches(self) -> int:
        """Numbers in the patches of one sample, of all layers together."""
        convolutions = self._convolutions(untied=False)
        return sum(prod(conv.windows.counts) * conv.weights for conv in convolutions)

    def initial(
        self, generator: torch.Generator, *, angle: float | None = None
    ) -> dict[str, torch.Tensor]:
        """Draw parameters uniformly in ``±1/sqrt(fan_in)``, float64, output first.

        Args:
            generator: source of randomness, on the CPU.
            angle: None for tied weights; otherwise those that carry signals back start as the
                forward ones, each sign flipped with probability ``(1 - cos angle) / 2``.

        """
        found = initial_of_edges(self.edges(), self.sizes, generator=generator)
        if angle is None:
            return found
        flip = flip_probability(angle)
        for n in range(self.layers - 1):
            forward = found[weight(n, n + 1)]
            drawn = torch.rand(forward.shape, generator=generator, dtype=torch.float64)
            back = forward * torch.where(drawn < flip, -1.0, 1.0)
            kernel = len(forward.shape) > 2  # noqa: PLR2004 - a matrix
            found[weight(n + 1, n)] = back if kernel else back.T.contiguous()
        return found

    def network(
        self,
        activation: Activation,
        *,
        nudge: Nudge = "outside",
        winners: Winners = "current",
        untied: bool = False,
    ) -> Prototypical:
        """The prototypical setting on these layers.

        Args:
            activation: of every layer; it acts after pooling.
            nudge: see :class:`cep_core.networks.Prototypical`.
            winners: with which increments of kernels are made; see :class:`LaggedWinners`.
            untied: signals back have weights of their own.

        """
        kind = Prototypical if winners == "current" else LaggedWinners
        return kind((activation,) * self.layers, nudge, self.edges(untied=untied))


class Reached(tuple[Array, ...]):  # noqa: SLOT001 - a tuple has no slots of its own
    """A state that knows the state from which one transition reached it."""

    before: State

    @classmethod
    def of(cls, state: State, before: State) -> Reached:
        """``state``, reached from ``before``."""
        made = cls(state)
        made.before = tuple(before)
        return made


@dataclass(frozen=True)
class LaggedWinners(Prototypical):
    """The 2019 code's way of learning kernels: winners one step old.

    The winners in ``dPhi/dtheta(s_t)`` are those of the step that made ``s_t``, so of ``s_{t-1}``.
    A state that no transition has made (the first one) has its own. Signals back are not concerned,
    and nothing is once the winners have settled.
    """

    @property
    def departures(self) -> tuple[str, ...]:
        """Those of the setting, and the winners."""
        lag = (
            "the winners of the maximum are one step old, as published in 2019: increments differ "
            "wherever a winner changes during the nudged phase"
        )
        return (*super().departures, lag)

    def transition(
        self, x: Array, state: State, parameters: Parameters, nudge: Array | None = None
    ) -> State:
        """That of the setting; the new state knows this one."""
        return Reached.of(super().transition(x, state, parameters, nudge), state)

    def primitive_gradient(self, x: Array, state: State, parameters: Parameters) -> Parameters:
        """With the winners of the state before."""
        before = getattr(state, "before", state)
        return primitive_gradient(self.connections(parameters), x, state, parameters, None, before)
