"""Pooling of feature maps: the entries of every window become one value.

A pooling knows its value, its derivative along a direction, the transpose of that derivative, and
how the derivative bends. Another number system brings its own object with the same members, such
as shares that are given: which of two polynomials is larger cannot be said.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce
from operator import add
from typing import Protocol

import torch

from cep_core.arrays import Array
from cep_core.networks.gather import Pair

Members = Sequence[Array]
"""First, second, … entry of every window, each of shape ``(B, channels, rows, columns)``."""


class Pooling(Protocol):
    """How the entries of a window become one value, over any number system."""

    @property
    def name(self) -> str:
        """The name under which specifications and reports mention it."""

    @property
    def size(self) -> Pair:
        """Rows and columns of a window."""

    @property
    def stride(self) -> Pair:
        """From one window to the next."""

    def value(self, members: Members) -> Array:
        """``P(z)``, shape ``(B, channels, rows, columns)``."""

    def along(self, members: Members, direction: Members) -> Array:
        """``P'(z) u``, shaped as the value."""

    def back(self, members: Members, signal: Array) -> Members:
        """``P'(z)^T v``: what each entry receives of a signal shaped as the value."""

    def bend(self, members: Members, direction: Members, signal: Array) -> Members | None:
        """Derivative of ``v P'(z) u`` in ``z``; None where the value is linear nearby."""


def total(parts: Members) -> Array:
    """The sum of arrays of one shape."""
    return reduce(add, parts)


class _Weighted:
    """A pooling whose value is a weighted sum, with weights that do not change nearby."""

    def shares(self, members: Members) -> Members:
        """With what weight each entry enters, shaped as the entries."""
        raise NotImplementedError

    def value(self, members: Members) -> Array:
        """The weighted sum."""
        return self.along(members, members)

    def along(self, members: Members, direction: Members) -> Array:
        """The weighted sum of the direction."""
        return total([u * m for u, m in zip(direction, self.shares(members), strict=True)])

    def back(self, members: Members, signal: Array) -> Members:
        """The signal times each weight."""
        return [signal * m for m in self.shares(members)]

    def bend(self, members: Members, direction: Members, signal: Array) -> Members | None:
        """None: linear nearby."""
        return None


@dataclass(frozen=True)
class MaxPooling(_Weighted):
    """The largest entry; the first one in row-major order where several are.

    Its derivative is 1 at the *winner* and 0 elsewhere: piecewise linear, with a kink wherever two
    entries of a window tie. So ``Phi`` is linear in the kernels only as long as no winner changes.
    """

    size: Pair = (2, 2)
    stride: Pair = (2, 2)
    name = "max"

    def shares(self, members: Members) -> Members:
        """1 for the winner, 0 for the others."""
        winners = self.winners(members)
        return [(winners == k).to(z.dtype) for k, z in enumerate(members)]

    def winners(self, members: Members) -> torch.Tensor:
        """Index of the first largest entry of every window, int64."""
        return torch.stack(list(members)).argmax(0)


@dataclass(frozen=True)
class GivenShares(_Weighted):
    """Shares that are given, in any number system: 0 and 1 are winners that do not change.

    Attributes:
        given: for each entry of a window its share, shaped as the value.
        size: rows and columns of a window.
        stride: from one window to the next.

    """

    given: Members
    size: Pair = (2, 2)
    stride: Pair = (2, 2)
    name = "given shares"

    def shares(self, members: Members) -> Members:
        """What is given."""
        return self.given


@dataclass(frozen=True)
class AveragePooling:
    """The mean, in every number system: the exact counterpart, with ``Phi`` linear in ``theta``."""

    size: Pair = (2, 2)
    stride: Pair = (2, 2)
    name = "average"

    def value(self, members: Members) -> Array:
        """The mean."""
        return total(members) / len(members)

    def along(self, members: Members, direction: Members) -> Array:
        """The mean of the direction."""
        return self.value(direction)

    def back(self, members: Members, signal: Array) -> Members:
        """An equal share of the signal for each."""
        return [signal / len(members)] * len(members)

    def bend(self, members: Members, direction: Members, signal: Array) -> Members | None:
        """None: linear."""
        return None


@dataclass(frozen=True)
class SoftmaxPooling:
    """The mean weighted by ``softmax(z)``, smooth, between the mean and the maximum.

    ``Phi`` is not linear in the kernels, nor is a field linear in the state that it comes from. On
    PyTorch's tensors.
    """

    size: Pair = (2, 2)
    stride: Pair = (2, 2)
    name = "softmax"

    def _shares(self, members: Members) -> tuple[Members, Members]:
        """``m_k = exp(z_k) / sum_j exp(z_j)``, and the slopes ``g_k = m_k (1 + z_k - value)``."""
        shares = list(torch.stack(list(members)).softmax(0))
        value = total([m * z for m, z in zip(shares, members, strict=True)])
        slopes = [m * (1 + z - value) for m, z in zip(shares, members, strict=True)]
        return shares, slopes

    def value(self, members: Members) -> Array:
        """``sum_k m_k z_k``."""
        shares, _ = self._shares(members)
        return total([m * z for m, z in zip(shares, members, strict=True)])

    def along(self, members: Members, direction: Members) -> Array:
        """``sum_k g_k u_k``."""
        _, slopes = self._shares(members)
        return total([g * u for g, u in zip(slopes, direction, strict=True)])

    def back(self, members: Members, signal: Array) -> Members:
        """``g_k v``."""
        _, slopes = self._shares(members)
        return [g * signal for g in slopes]

    def bend(self, members: Members, direction: Members, signal: Array) -> Members | None:
        """``v (g_k u_k - m_k (g u) + m_k u_k - g_k (m u))``."""
        shares, slopes = self._shares(members)
        by_share = total([m * u for m, u in zip(shares, direction, strict=True)])
        by_slope = total([g * u for g, u in zip(slopes, direction, strict=True)])
        return [
            signal * (g * u - m * by_slope + m * u - g * by_share)
            for m, g, u in zip(shares, slopes, direction, strict=True)
        ]


POOLINGS: dict[str, Pooling] = {
    p.name: p for p in (MaxPooling(), AveragePooling(), SoftmaxPooling())
}
"""Poolings of 2 by 2 windows, by name."""
