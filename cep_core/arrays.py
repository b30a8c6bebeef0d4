"""What the one definition of the dynamics asks of numbers.

The networks, phases and rules are written with nothing but these operations, so that the same code
runs on PyTorch tensors, on NumPy arrays of polynomials, in a prime field and on interval balls:

- ``a @ b``, ``a.T``, ``a + b``, ``a - b``, ``a * b`` (elementwise, rows broadcast), ``a * scalar``;
- ``a.sum(0)``, ``a.shape`` and ``a / n`` for a positive integer ``n``.
"""

from __future__ import annotations

from typing import Any, TypeAlias

Array: TypeAlias = Any
"""A vector or matrix over some number system, with the operations listed above."""

Scalar: TypeAlias = Any
"""A number that multiplies an :data:`Array`: a float, a fraction, a polynomial, a ball."""

State: TypeAlias = tuple[Array, ...]
"""One array of shape ``(B, size_n)`` per layer, the output layer first."""

Parameters: TypeAlias = dict[str, Array]
"""Parameters by name: ``W_0_1``, ``b_0``, …, ``W_N_x``; ``W_1_0``, … for backward weights.

Never changed in place: a rule returns new parameters.
"""
