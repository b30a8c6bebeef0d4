"""Floating-point arithmetic, enclosed: every number that a rounded computation may return.

Run on these arrays, a computation yields balls that contain what float64 (or float32) computes from
the same numbers, on any processor and in any order of summation, with fused products or without:
the standard model, in which ``fl(a op b) = (a op b)(1 + e)``, ``|e| <= u``, and a sum of ``n``
products has a factor ``1 + e``, ``|e| <= n u / (1 - n u)``, on each of them (Higham, *Accuracy and
Stability of Numerical Algorithms*, section 3.1). PyTorch's tanh and sigmoid are taken to be within
:data:`LIBRARY_ULPS` of the exact value; the activations of ``cep_core`` run here as they are.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import Any

import torch
from flint import arb

from theory.arithmetic.balls import Balls, balls, scalar

LIBRARY_ULPS = 4
"""Units in the last place by which a library's tanh or sigmoid may be off; SLEEF's, which PyTorch
uses, promise one."""

_FUNCTIONS: dict[Callable[..., Any], Callable[[Any], Any]] = {
    torch.tanh: lambda v: v.tanh(),
    torch.sigmoid: lambda v: 1 / (1 + (-v).exp()),
}


class Rounded:
    """An array of balls that contain what is computed in floating point.

    Attributes:
        value: the balls.
        dtype: of the computation, ``torch.float64`` or ``torch.float32``.

    """

    __array_ufunc__ = None

    def __init__(self, value: Balls, dtype: torch.dtype) -> None:
        """Wrap balls; see :func:`rounded` for tensors."""
        self.value = value
        self.dtype = dtype

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of the array."""
        return self.value.shape

    @cached_property
    def T(self) -> Rounded:  # noqa: N802 - NumPy's name
        """The transpose of a matrix, which rounds nothing."""
        return Rounded(self.value.T, self.dtype)

    @property
    def _unit(self) -> float:
        """The unit round-off ``u``, half the distance from 1 to the next number."""
        return torch.finfo(self.dtype).eps / 2

    def _spread(self, value: Balls, roundings: int) -> Balls:
        """Balls around so many roundings of every element, underflow included."""
        if roundings == 0:
            return value
        relative = roundings * arb(self._unit)
        relative = (relative / (1 - relative)).upper()
        info = torch.finfo(self.dtype)
        smallest = arb(info.tiny) * info.eps * roundings
        return value * scalar(arb(1, relative)) + scalar(arb(0, smallest.upper()))

    def widened(self, value: Balls, roundings: int = 1) -> Rounded:
        """Return exact results, rounded so many times, in the type of this array."""
        return Rounded(self._spread(value, roundings), self.dtype)

    def _operand(self, other: Any) -> Balls | None:
        """The other operand; a number is first rounded to the type of the array."""
        if isinstance(other, Rounded):
            return other.value
        if isinstance(other, int):
            return scalar(other)
        return self._spread(scalar(other), 1) if isinstance(other, float) else None

    def __add__(self, other: Any) -> Rounded:
        """Return the sum."""
        right = self._operand(other)
        return NotImplemented if right is None else self.widened(self.value + right)

    __radd__ = __add__

    def __sub__(self, other: Any) -> Rounded:
        """Return the difference."""
        right = self._operand(other)
        return NotImplemented if right is None else self.widened(self.value - right)

    def __rsub__(self, other: Any) -> Rounded:
        """Return ``other - self``."""
        left = self._operand(other)
        return NotImplemented if left is None else self.widened(left - self.value)

    def __mul__(self, other: Any) -> Rounded:
        """Return the elementwise product."""
        right = self._operand(other)
        return NotImplemented if right is None else self.widened(self.value * right)

    __rmul__ = __mul__

    def __matmul__(self, other: Any) -> Rounded:
        """Return the product of two matrices, summed in any order."""
        if not isinstance(other, Rounded):
            return NotImplemented
        inner = self.shape[1]
        spread = self._spread(self.value, inner)
        smallest = arb(torch.finfo(self.dtype).tiny) * inner
        product = spread @ other.value
        return Rounded(product + scalar(arb(0, smallest.upper())), self.dtype)

    def sum(self, axis: int | None = None) -> Rounded:
        """Return the sum over the rows, or over everything, in any order."""
        count = self.value.matrix.nrows()
        if axis is None:
            count *= self.value.matrix.ncols()
        return Rounded(self._spread(self.value, count - 1).sum(axis), self.dtype)

    def square(self) -> Rounded:
        """Return the elementwise square."""
        return self * self

    @classmethod
    def __torch_function__(
        cls,
        function: Callable[..., Any],
        types: Any,
        arguments: tuple[Any, ...] = (),
        options: Any = None,
    ) -> Any:
        """Run PyTorch's elementwise functions, which the activations call, on balls."""
        exact = _FUNCTIONS.get(function)
        if exact is None or len(arguments) != 1:
            return NotImplemented
        (v,) = arguments
        return v.widened(v.value.each(exact), 2 * LIBRARY_ULPS)

    def contains(self, numbers: torch.Tensor) -> bool:
        """Tell whether every number lies in its ball."""
        return bool(self.value.matrix.contains(balls(numbers.double().numpy()).matrix))


def rounded(numbers: torch.Tensor) -> Rounded:
    """Return a tensor's numbers, which are exact, for a computation in its type."""
    return Rounded(balls(numbers.double().numpy()), numbers.dtype)
