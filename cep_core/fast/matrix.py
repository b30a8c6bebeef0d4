"""The memory order of a matrix with one column per unit of a layer.

A product runs along the vector registers of the processor. They hold 16 units at a time, so that a
layer of 10 leaves them half empty: with such a layer's columns contiguous instead of its rows,
they run over the samples, and a product into 10 units takes two thirds of the time. From 16 units
on, rows are the faster order.
"""

from __future__ import annotations

import torch

REGISTER = 16
"""Numbers of float32 in a vector register of 512 bits."""


def is_narrow(size: int) -> bool:
    """Tell whether a layer of ``size`` units is stored unit by unit."""
    return size < REGISTER


def matrix(count: int, rows: int, size: int, *, like: torch.Tensor) -> torch.Tensor:
    """Zeros of shape ``(count, rows, size)`` in the order that suits a layer of ``size`` units.

    ``like`` gives dtype and device.
    """
    if is_narrow(size):
        return like.new_zeros(count, size, rows).mT
    return like.new_zeros(count, rows, size)
