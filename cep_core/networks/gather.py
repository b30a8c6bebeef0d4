"""Taking entries of every sample, or zero: the one operation that convolutions add to the others.

Convolution and pooling are products and sums of entries that are *gathered* from feature maps. An
index says which, so that the same edge runs on tensors, polynomials, residues and balls: PyTorch's
tensors are indexed here, and any other array brings a method ``gathered(gather)``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from math import prod
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from cep_core.arrays import Array

Index = NDArray[np.int64]

Pair = tuple[int, int]
Maps = tuple[int, int, int]
"""Shape of one sample of feature maps: channels, rows, columns."""


@dataclass(frozen=True, eq=False)
class Gather:
    """A linear map that takes entries of every sample, flattened, and zero where its index is -1.

    Attributes:
        index: which entry each result takes, of any shape; -1 for none.
        source: shape of one sample from which it takes.

    """

    index: Index
    source: tuple[int, ...]

    def __call__(self, array: Array) -> Array:
        """Take from every sample: ``(B, ...)`` to ``(B, *index.shape)``."""
        if not isinstance(array, torch.Tensor):
            return array.gathered(self)
        rows = array.reshape(array.shape[0], -1)
        if self.padded:
            rows = torch.cat([rows, rows.new_zeros(len(rows), 1)], 1)
        index = torch.from_numpy(self.places).to(array.device)
        return rows.index_select(1, index).view(len(rows), *self.index.shape)

    def transposed(self, array: Array) -> Array:
        """Sum back to where entries came from: ``(B, *index.shape)`` to ``(B, *source)``."""
        first, *others = self._terms
        total = first(array)
        for term in others:
            total = total + term(array)
        return total

    def of(self, rows: NDArray[Any]) -> NDArray[Any]:
        """Take from an array of NumPy's, as :meth:`__call__` does."""
        flat = rows.reshape(rows.shape[0], -1)
        if self.padded:
            flat = np.concatenate([flat, np.zeros((len(flat), 1), flat.dtype)], 1)
        return flat[:, self.places].reshape(len(flat), *self.index.shape)

    @cached_property
    def padded(self) -> bool:
        """Whether some result is zero."""
        return bool((self.index < 0).any())

    @cached_property
    def places(self) -> Index:
        """The index, flat, with the place behind the last entry in place of -1."""
        return np.where(self.index < 0, prod(self.source), self.index).ravel()

    @cached_property
    def _terms(self) -> list[Gather]:
        """The maps whose sum is the transpose: as many as the most results that share an entry."""
        flat = self.index.ravel()
        order = np.argsort(flat, kind="stable")
        order = order[flat[order] >= 0]
        entry = flat[order]
        first = np.searchsorted(entry, entry)
        rank = np.arange(len(entry)) - first
        table = np.full((int(rank.max(initial=0)) + 1, prod(self.source)), -1, np.int64)
        table[rank, entry] = order
        return [Gather(row.reshape(self.source), self.index.shape) for row in table]


@dataclass(frozen=True)
class Windows:
    """Where the windows of a kernel, or of a pooling, lie on feature maps.

    Attributes:
        maps: channels, rows and columns of the maps.
        size: rows and columns of a window.
        stride: from one window to the next.
        padding: zeros on every side.

    """

    maps: Maps
    size: Pair
    stride: Pair = (1, 1)
    padding: Pair = (0, 0)

    @property
    def counts(self) -> Pair:
        """Rows and columns of windows; what does not fill a last one is left out."""
        _, *sides = self.maps
        rows, columns = (
            (side + 2 * pad - size) // step + 1
            for side, size, step, pad in zip(
                sides, self.size, self.stride, self.padding, strict=True
            )
        )
        return rows, columns

    def _entries(self) -> Index:
        """Entry of every window: channels, rows and columns of windows, rows and columns within."""
        channels, height, width = self.maps
        (rows, columns), (down, across) = self.counts, self.size
        c, i, j, p, q = np.ogrid[:channels, :rows, :columns, :down, :across]
        row = i * self.stride[0] + p - self.padding[0]
        column = j * self.stride[1] + q - self.padding[1]
        inside = (row >= 0) & (row < height) & (column >= 0) & (column < width)
        entries: Index = np.where(inside, (c * height + row) * width + column, -1)
        return entries


@cache
def patches(windows: Windows) -> Gather:
    """Every window of all channels as a row: index ``(windows, channels * rows * columns)``."""
    entries = windows._entries().transpose(1, 2, 0, 3, 4)  # noqa: SLF001 - of this module
    count = prod(windows.counts)
    return Gather(entries.reshape(count, -1), windows.maps)


@cache
def members(windows: Windows) -> tuple[Gather, ...]:
    """First, second, … entry of every window, row by row, channel by channel."""
    entries = windows._entries()  # noqa: SLF001 - of this module
    within = entries.reshape(*entries.shape[:3], -1)
    return tuple(Gather(within[..., k], windows.maps) for k in range(within.shape[-1]))


@cache
def channels_last(maps: Maps) -> Gather:
    """Feature maps as rows of positions: index ``(rows * columns, channels)``."""
    numbered = np.arange(prod(maps)).reshape(maps[0], -1)
    return Gather(numbered.T, maps)


@cache
def channels_first(maps: Maps) -> Gather:
    """Rows of positions as feature maps: the inverse of :func:`channels_last`."""
    positions = maps[1] * maps[2]
    numbered = np.arange(prod(maps)).reshape(positions, maps[0])
    return Gather(numbered.T.reshape(maps), (positions, maps[0]))


@cache
def over_positions(maps: Maps) -> Gather:
    """One number per channel, at every position: index ``(channels, rows, columns)``."""
    channels = np.arange(maps[0]).reshape(-1, 1, 1)
    return Gather(np.broadcast_to(channels, maps).copy(), (maps[0],))


def by_position(array: Array, maps: Maps) -> Array:
    """Feature maps ``(B, ...)`` as a matrix ``(B * rows * columns, channels)``."""
    found = channels_last(maps)(array)
    return found.reshape((found.shape[0] * found.shape[1], maps[0]))


def as_maps(matrix: Array, maps: Maps) -> Array:
    """A matrix ``(B * positions, channels)`` as feature maps ``(B, channels, rows, columns)``."""
    positions = maps[1] * maps[2]
    batch = matrix.shape[0] // positions
    return channels_first(maps)(matrix.reshape((batch, positions * maps[0])))


def flat(array: Array) -> Array:
    """Every sample as a row: ``(B, n)``."""
    shape: Sequence[int] = array.shape
    return array if len(shape) == 2 else array.reshape((shape[0], prod(shape[1:])))  # noqa: PLR2004 - a matrix
