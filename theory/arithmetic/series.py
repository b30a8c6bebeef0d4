"""Truncated power series (jets) of arrays over a ring, with the operators the definition asks for.

A :class:`Series` of order 0 is an array of ring elements, one of order 1 an array of dual numbers.
Coefficients are NumPy object arrays, so the elements may be polynomials of any library, fractions
or modular integers. Scalars are never handed to NumPy bare: it takes a polynomial for a sequence
of its terms.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from flint import fmpq
from numpy.typing import NDArray

from cep_core.networks.gather import Gather

Elements: TypeAlias = NDArray[Any]
"""An object array of ring elements."""


def boxed(value: Any) -> Elements:
    """Return ``value`` as an object array: itself, or a scalar in a box of no dimension."""
    if isinstance(value, np.ndarray):
        return value
    box = np.empty((), dtype=object)
    box[()] = value
    return box


@dataclass(frozen=True, eq=False)
class Series:
    """``sum_k coefficients[k] e^k + O(e^(order + 1))``; missing coefficients are zero.

    Attributes:
        coefficients: at least one, at most ``order + 1`` object arrays of one shape (or that
            broadcast).
        order: highest power kept; a result keeps the lowest order of its operands.

    """

    coefficients: tuple[Elements, ...]
    order: int

    __array_ufunc__ = None  # NumPy must leave mixed operations to this class

    def __post_init__(self) -> None:
        """Give all coefficients one shape: a sum along an axis must see every row of each."""
        shapes = {c.shape for c in self.coefficients}
        if len(shapes) > 1:
            shape = np.broadcast_shapes(*shapes)
            spread = tuple(np.broadcast_to(c, shape) for c in self.coefficients)
            object.__setattr__(self, "coefficients", spread)

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of every coefficient."""
        return self.coefficients[0].shape

    @property
    def constant(self) -> Elements:
        """Coefficient of ``e^0``."""
        return self.coefficients[0]

    def coefficient(self, power: int) -> Elements:
        """Coefficient of ``e^power``; integer zeros where the series has none.

        Raises:
            ValueError: ``power`` is beyond the order to which the series is known.

        """
        if power > self.order:
            msg = f"coefficient {power} of a series that is known to order {self.order} only"
            raise ValueError(msg)
        if power < len(self.coefficients):
            return self.coefficients[power]
        return np.zeros(self.shape, dtype=object)

    @property
    def T(self) -> Series:  # noqa: N802 - the operator's name on every array
        """Transpose."""
        return self._each(lambda c: c.T)

    def sum(self, axis: int | None = None) -> Series:
        """Sum along ``axis``, or over everything."""
        return self._each(lambda c: boxed(c.sum(axis)))

    def gathered(self, gather: Gather) -> Series:
        """Entries of every sample, or zero (:mod:`cep_core.networks.gather`)."""
        return self._each(gather.of)

    def reshape(self, shape: tuple[int, ...]) -> Series:
        """The same elements in another shape."""
        return self._each(lambda c: c.reshape(shape))

    def _each(self, function: Any) -> Series:
        return Series(tuple(function(c) for c in self.coefficients), self.order)

    def _lifted(self, other: Any) -> Series:
        return other if isinstance(other, Series) else Series((boxed(other),), self.order)

    def _plus(self, other: Any, sign: int) -> Series:
        right = self._lifted(other)
        order = min(self.order, right.order)
        terms: list[Elements] = []
        for k in range(min(order + 1, max(len(self.coefficients), len(right.coefficients)))):
            a = self.coefficients[k] if k < len(self.coefficients) else None
            b = right.coefficients[k] if k < len(right.coefficients) else None
            if b is None:
                terms.append(boxed(a))
            elif a is None:
                terms.append(b if sign > 0 else boxed(-b))
            else:
                terms.append(boxed(a + b if sign > 0 else a - b))
        return Series(tuple(terms), order)

    def _times(self, other: Any, product: Any) -> Series:
        right = self._lifted(other)
        order = min(self.order, right.order)
        length = min(order + 1, len(self.coefficients) + len(right.coefficients) - 1)
        terms: list[Elements | None] = [None] * length
        for i, a in enumerate(self.coefficients):
            for j, b in enumerate(right.coefficients[: length - i] if i < length else ()):
                term = boxed(product(a, b))
                present = terms[i + j]
                terms[i + j] = term if present is None else boxed(present + term)
        return Series(tuple(boxed(term) for term in terms), order)

    def __add__(self, other: Any) -> Series:
        """Elementwise sum; rows and scalars broadcast."""
        return NotImplemented if _takes_over(other) else self._plus(other, 1)

    __radd__ = __add__

    def __sub__(self, other: Any) -> Series:
        """Elementwise difference; rows and scalars broadcast."""
        return NotImplemented if _takes_over(other) else self._plus(other, -1)

    def __rsub__(self, other: Any) -> Series:
        """Elementwise difference from a scalar."""
        return NotImplemented if _takes_over(other) else self._lifted(other)._plus(self, -1)

    def __neg__(self) -> Series:
        """Elementwise negative."""
        return self._each(lambda c: boxed(-c))

    def __mul__(self, other: Any) -> Series:
        """Elementwise (Cauchy) product; rows and scalars broadcast."""
        return NotImplemented if _takes_over(other) else self._times(other, np.multiply)

    __rmul__ = __mul__

    def __matmul__(self, other: Any) -> Series:
        """Matrix product."""
        return NotImplemented if _takes_over(other) else self._times(other, np.matmul)

    def __truediv__(self, divisor: int) -> Series:
        """Quotient by a positive integer."""
        return self._each(lambda c: quotient(c, divisor))


def _takes_over(other: Any) -> bool:
    """Tell whether ``other`` is an array of another kind that brings its own operators."""
    return not isinstance(other, Series) and getattr(other, "__array_ufunc__", other) is None


def quotient(values: Elements, divisor: int) -> Elements:
    """Divide ring elements by a positive integer; the integers among them become rationals."""
    found = np.empty(values.shape, dtype=object)
    for index in np.ndindex(*values.shape):
        value = values[index]
        found[index] = fmpq(value, divisor) if isinstance(value, int) else value / divisor
    return found


def monomial(power: int, order: int, coefficient: Any = 1) -> Series:
    """Return the scalar ``coefficient * e^power``."""
    return Series((*(boxed(0) for _ in range(power)), boxed(coefficient)), order)


def constant(values: Elements, order: int) -> Series:
    """Return an array that does not depend on ``e``."""
    return Series((values,), order)


def perturbed(values: Series, index: Sequence[int]) -> Series:
    """Return the dual number ``values + e`` at ``index``: order 1, slope 1 in that entry only."""
    direction = np.zeros(values.shape, dtype=object)
    direction[tuple(index)] = 1
    return Series((values.constant, direction), 1)


def powers(base: Series, highest: int) -> list[Series]:
    """Return ``base, base^2, …, base^highest``."""
    found = [base]
    for _ in range(highest - 1):
        found.append(found[-1] * base)
    return found
