"""The buffers of one mini-batch, allocated once for each batch size.

Every layer's states of two successive times lie one above the other, so that one product carries
both. Half ``FIRST`` of the rows is the earlier time, half ``SECOND`` the later, ``BOTH`` all rows.
In memory a layer lies in its own order (:mod:`cep_core.fast.matrix`).
"""

from __future__ import annotations

from functools import partial

import torch

from cep_core.fast.matrix import matrix
from cep_core.fast.weights import Weights

FIRST, SECOND, BOTH = 0, 1, 2
Rows = tuple[torch.Tensor, torch.Tensor, torch.Tensor]
"""A buffer's earlier half, its later half, and the whole."""


class Workspace:
    """Buffers for ``S`` networks and mini-batches of ``batch`` samples.

    Attributes:
        state: states of two successive times, per layer, rows of ``(S, 2 batch, size_n)``.
        field: what the activation is applied to, likewise.
        constant: bias and offset in the field, ``(S, 1, size_n)`` per layer.
        base: the constant part of the field, as ``state``: bias, offset and input.
        change: from one state to the next, as ``state``; C-VF only.
        steepness: of every activation in the last transition, over its gain, as ``state``; rules
            with the slope only.
        rest_slope: slope of every activation at the steady state, ``(S, batch, size_n)``; this and
            the next three in the corrected phase only.
        displacement: from the steady state, as ``state``.
        sloped: the same times the slope at the steady state.
        asymmetry: ``(J - J^T)`` times the displacement, as ``state``.
        row: ones, ``(S, 1, batch)``; products with it sum over the samples in one operation.
        rest: the steady state of the free phase, ``(S, batch, size_n)``.
        moved: from the steady state to the last nudged one, likewise; under rules with the slope
            the sum of the changes times their slopes.
        end: the last nudged state, where another nudged phase follows.
        grown, fixed: coefficients of the samples' own states and steady states in the field of a
            layer whose weights learn meanwhile, ``(S, batch, batch)``.
        static: the part of both that does not change within a mini-batch.
        x, y: input and target, ``(S, batch, size_x)`` and ``(S, batch, size_0)``.

    """

    def __init__(self, weights: Weights, batch: int) -> None:
        """Allocate for one batch size, in the dtype and on the device of the weights."""
        self.batch = batch
        count = weights.drive.shape[0]

        zeros = partial(matrix, count, like=weights.drive)

        def rows(size: int) -> Rows:
            both = zeros(2 * batch, size)
            return both[:, :batch], both[:, batch:], both

        self.state = tuple(map(rows, weights.sizes))
        self.field = tuple(map(rows, weights.sizes))
        self.constant = tuple(zeros(1, size) for size in weights.sizes)
        self.base = tuple(map(rows, weights.sizes))
        self.change = tuple(map(rows, weights.sizes))
        self.steepness = tuple(map(rows, weights.sizes))
        self.rest_slope = tuple(zeros(batch, size) for size in weights.sizes)
        self.displacement = tuple(map(rows, weights.sizes))
        self.sloped = tuple(map(rows, weights.sizes))
        self.asymmetry = tuple(map(rows, weights.sizes))
        self.rest = tuple(zeros(batch, size) for size in weights.sizes)
        self.moved = tuple(zeros(batch, size) for size in weights.sizes)
        self.end = tuple(zeros(batch, size) for size in weights.sizes)
        self.row = zeros(1, batch).fill_(1)
        self.grown, self.fixed, self.static = (
            tuple(zeros(batch, batch) for _ in weights.sizes) for _ in range(3)
        )
        self.x = zeros(batch, weights.drive.shape[1])
        self.y = zeros(batch, weights.sizes[0])
