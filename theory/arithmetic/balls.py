"""Arrays of balls: numbers with rigorous error bounds, on python-flint's matrices of balls.

A ball is a midpoint and a radius; every operation returns balls that contain the exact results for
all numbers in the operands (Johansson, Arb, 2017). So cep_core's own transitions, run on them,
enclose the exact dynamics of the network, rounding included.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import cache, cached_property
from itertools import chain, cycle
from math import prod
from typing import Any

import flint
import numpy as np
from numpy.typing import NDArray

from cep_core.networks.gather import Gather
from theory.arithmetic.jets import Smooth

arb, arb_mat, acb_mat = flint.arb, flint.arb_mat, flint.acb_mat


class KinkError(ValueError):
    """A ball on which an activation is asked for its derivative contains a kink of it."""


@contextmanager
def precision(bits: int) -> Iterator[None]:
    """Compute with so many bits inside the ``with`` block."""
    before = flint.ctx.prec
    flint.ctx.prec = bits
    try:
        yield
    finally:
        flint.ctx.prec = before


class Balls:
    """A scalar, vector or matrix of balls, with the operations of :mod:`cep_core.arrays`.

    Attributes:
        matrix: the balls, real (``arb_mat``) or complex (``acb_mat``); a vector is one row, a
            scalar one element.
        shape: ``()``, ``(n,)`` or ``(rows, ...)``, every row flat in the matrix; one row stands for
            any number of equal rows.

    """

    __array_ufunc__ = None  # NumPy arrays leave mixed operations to this class

    def __init__(self, matrix: Any, shape: tuple[int, ...]) -> None:
        """Wrap an ``arb_mat``."""
        self.matrix = matrix
        self.shape = shape

    @cached_property
    def T(self) -> Balls:  # noqa: N802 - NumPy's name
        """The transpose of a matrix, made once: a weight's is asked for in every transition."""
        return Balls(self.matrix.transpose(), self.shape[::-1])

    def entries(self) -> list[Any]:
        """Every ball, row by row."""
        return list(self.matrix.entries())

    def each(self, function: Callable[[Any], Any]) -> Balls:
        """Apply a function of balls to every element."""
        rows, columns = self.matrix.nrows(), self.matrix.ncols()
        kind = type(self.matrix)
        return Balls(kind(rows, columns, [function(e) for e in self.entries()]), self.shape)

    def _spread(self, other: Balls) -> tuple[Any, Any, tuple[int, ...]]:
        """Both matrices at the larger of the two shapes, and that shape."""
        shape = max(self.shape, other.shape, key=lambda shape: (len(shape), shape))
        rows, columns = _sides(shape)
        return self._as(rows, columns), other._as(rows, columns), shape

    def _as(self, rows: int, columns: int) -> Any:
        matrix = self.matrix
        if matrix.ncols() != columns:
            matrix = matrix * _ones(1, columns)
        return matrix if matrix.nrows() == rows else _ones(rows, 1) * matrix

    def __add__(self, other: Any) -> Balls:
        """Return the sum; one row is added to every row, a number to every element."""
        if isinstance(other, int):
            other = scalar(other)
        if not isinstance(other, Balls):
            return NotImplemented
        left, right, shape = self._spread(other)
        return Balls(left + right, shape)

    __radd__ = __add__

    def __sub__(self, other: Any) -> Balls:
        """Return the difference."""
        if isinstance(other, int):
            other = scalar(other)
        if not isinstance(other, Balls):
            return NotImplemented
        left, right, shape = self._spread(other)
        return Balls(left - right, shape)

    def __neg__(self) -> Balls:
        """Return the negative."""
        return self * -1

    def __rsub__(self, other: Any) -> Balls:
        """Return ``other - self``."""
        return (self * -1).__add__(other)

    def __mul__(self, other: Any) -> Balls:
        """Return the elementwise product; one row multiplies every row."""
        if isinstance(other, int):
            return Balls(self.matrix * other, self.shape)
        if not isinstance(other, Balls):
            return NotImplemented
        if other.shape == ():
            return Balls(self.matrix * other.matrix[0, 0], self.shape)
        if self.shape == ():
            return other * self
        small, large = sorted((self, other), key=lambda a: (len(a.shape), a.shape))
        pairs = zip(large.entries(), cycle(small.entries()), strict=False)
        rows, columns = large.matrix.nrows(), large.matrix.ncols()
        kind = type(self.matrix) if isinstance(self.matrix, acb_mat) else type(other.matrix)
        return Balls(kind(rows, columns, [a * b for a, b in pairs]), large.shape)

    __rmul__ = __mul__

    def __truediv__(self, count: int) -> Balls:
        """Return the quotient by an integer."""
        return Balls(self.matrix / count, self.shape)

    def __matmul__(self, other: Any) -> Balls:
        """Return the product of two matrices."""
        if not isinstance(other, Balls):
            return NotImplemented
        return Balls(self.matrix * other.matrix, (self.shape[0], other.shape[1]))

    def sum(self, axis: int | None = None) -> Balls:
        """Return the sum over the rows, or over everything."""
        rows = _ones(1, self.matrix.nrows()) * self.matrix
        if axis == 0:
            return Balls(rows, self.shape[1:])
        return Balls(rows * _ones(self.matrix.ncols(), 1), ())

    def gathered(self, gather: Gather) -> Balls:
        """Entries of every sample, or zero (:mod:`cep_core.networks.gather`)."""
        rows = np.array(self.matrix.tolist(), dtype=object)
        found = gather.of(rows)
        return Balls(type(self.matrix)(found.reshape(len(rows), -1).tolist()), found.shape)

    def reshape(self, shape: tuple[int, ...]) -> Balls:
        """The same balls in another shape."""
        return Balls(type(self.matrix)(*_sides(shape), self.entries()), shape)

    def contains_zero(self) -> bool:
        """Tell whether every ball contains zero."""
        return bool(self.matrix.contains(arb_mat(self.matrix.nrows(), self.matrix.ncols())))

    def largest_radius(self) -> float:
        """Return an upper bound of the radii: the largest, over rows, of the sum of a row's."""
        sums = self.matrix * _ones(self.matrix.ncols(), 1)
        return max(upper_float(e.rad()) for e in sums.entries())


def _sides(shape: tuple[int, ...]) -> tuple[int, int]:
    """Rows and columns of the matrix behind a shape."""
    if len(shape) < 2:  # noqa: PLR2004 - a matrix
        return 1, prod(shape)
    return shape[0], prod(shape[1:])


def upper_float(number: Any) -> float:
    """Return a float at or above a ball's upper end."""
    return float(np.nextafter(float(number.upper()), np.inf))


def lower_float(number: Any) -> float:
    """Return a float at or below a ball's lower end."""
    return float(np.nextafter(float(number.lower()), -np.inf))


@cache
def _ones(rows: int, columns: int) -> Any:
    return arb_mat(rows, columns, [1] * (rows * columns))


def scalar(number: Any) -> Balls:
    """Return a number as a ball without error: an integer, a float, or a ball."""
    return Balls(arb_mat(1, 1, [number]), ())


def balls(numbers: NDArray[np.float64]) -> Balls:
    """Return an array of floats as balls without error."""
    return Balls(arb_mat(*_sides(numbers.shape), numbers.ravel().tolist()), numbers.shape)


def midpoints(array: Balls) -> NDArray[np.float64]:
    """Return the midpoints, rounded to float64."""
    return np.array([float(e.mid()) for e in array.entries()]).reshape(array.shape)


def rows(array: Balls) -> list[Balls]:
    """Return the rows of a matrix, each of shape ``(1, n)``."""
    columns = array.matrix.ncols()
    return [Balls(arb_mat(1, columns, row), (1, columns)) for row in array.matrix.tolist()]


def stacked(arrays: Sequence[Balls]) -> Balls:
    """Put matrices of one number of rows side by side."""
    by_row = zip(*(a.matrix.tolist() for a in arrays), strict=True)
    table = [list(chain.from_iterable(parts)) for parts in by_row]
    return Balls(arb_mat(table), (len(table), len(table[0])))


def _derivative_law(law: tuple[int, ...], order: int) -> tuple[int, ...]:
    """Coefficients of ``f^(order)`` as a polynomial in ``f``, where ``f' = law(f)``."""
    found = np.polynomial.Polynomial([0, 1])
    for _ in range(order):
        found = found.deriv() * np.polynomial.Polynomial(law)
    return tuple(int(c) for c in found.coef)


def _autonomous(name: str, value: Callable[[Any], Any], law: tuple[int, ...]) -> Smooth:
    """Return the function ``value``, which solves ``f' = law(f)``."""

    def derivative(v: Balls, k: int) -> Balls:
        coefficients = _derivative_law(law, k)

        def at(e: Any) -> Any:
            f = value(e)
            total = arb(0)
            for c in reversed(coefficients):
                total = total * f + c
            return total

        return v.each(at)

    return Smooth(name, derivative)


def _clamped(name: str, width: int) -> Smooth:
    """Return ``clamp(v / width, 0, 1)``, which has kinks at 0 and at the width."""

    def derivative(v: Balls, k: int) -> Balls:
        def at(e: Any) -> Any:
            if k == 0:
                return (e / width).max(0).min(1)
            if e.contains(0) or e.contains(width):
                where = f"{float(e.mid()):.6g} +/- {float(e.rad()):.1g}"
                raise KinkError(f"{name} has a kink, at 0 or at {width}, within {where}")
            return arb(1) / width if k == 1 and 0 < e < width else arb(0)

        return v.each(at)

    return Smooth(name, derivative)


ACTIVATIONS = {
    f.name: f
    for f in (
        _autonomous("tanh", lambda v: v.tanh(), (1, 0, -1)),
        _autonomous("sigmoid", lambda v: 1 / (1 + (2 - 4 * v).exp()), (0, 4, -4)),
        _clamped("hard-sigmoid", 1),
        _clamped("half-hard-sigmoid", 2),
    )
}
"""The activations of :mod:`cep_core.activations`, on balls, by name."""
