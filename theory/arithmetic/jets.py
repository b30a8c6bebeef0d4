"""Power series in beta, truncated, whose coefficients are whole arrays over any number system.

The nudged phase run on them with :func:`beta` for its nudging strength gives every derivative in
beta at beta = 0 at once: the limit of a normalised update is a coefficient, no quotient is taken.
Coefficients that are known to be zero beyond some order are not stored, so that constant arrays,
the large weights among them, cost nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from math import factorial
from typing import Any

from cep_core.arrays import Array
from cep_core.networks.gather import Gather
from theory.arithmetic.tape import Traced, shape_of


class Jet:
    """``c_0 + c_1 beta + … + c_M beta^M``; an array that is no jet is a constant.

    Attributes:
        coefficients: the coefficients from order 0; those beyond the end are zero.
        order: ``M``, beyond which everything is dropped.

    """

    __array_ufunc__ = None  # NumPy arrays leave mixed operations to this class

    def __init__(self, coefficients: tuple[Array, ...], order: int = 1) -> None:
        """Wrap the coefficients, dropping those beyond ``order``."""
        self.coefficients = coefficients[: order + 1]
        self.order = order

    def __getitem__(self, k: int) -> Array:
        """Coefficient of ``beta^k``."""
        if k < len(self.coefficients):
            return self.coefficients[k]
        return self.coefficients[0] * 0

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of every coefficient."""
        return shape_of(self.coefficients[0])

    @property
    def T(self) -> Jet:  # noqa: N802 - NumPy's name
        """The transpose of a matrix."""
        return self._each(lambda c: c.T)

    def _each(self, function: Callable[[Array], Array]) -> Jet:
        return Jet(tuple(function(c) for c in self.coefficients), self.order)

    def _sum(self, other: Any, sign: int) -> Jet:
        mine, theirs = self.coefficients, _coefficients(other)
        shared = min(len(mine), len(theirs))
        total = [mine[k] + theirs[k] if sign == 1 else mine[k] - theirs[k] for k in range(shared)]
        total += mine[shared:]
        total += [c if sign == 1 else c * -1 for c in theirs[shared:]]
        return Jet(tuple(total), self.order)

    def _product(self, other: Any, times: Callable[[Array, Array], Array]) -> Jet:
        theirs = _coefficients(other)
        total: list[Array] = []
        for i, a in enumerate(self.coefficients):
            for j, b in enumerate(theirs[: self.order + 1 - i]):
                part = times(a, b)
                if i + j < len(total):
                    total[i + j] = total[i + j] + part
                else:
                    total.append(part)
        return Jet(tuple(total), self.order)

    def __add__(self, other: Any) -> Jet:
        """Return the sum; a vector is added to every row of a matrix."""
        return NotImplemented if isinstance(other, Traced) else self._sum(other, 1)

    __radd__ = __add__

    def __neg__(self) -> Jet:
        """Return the negative."""
        return self * -1

    def __sub__(self, other: Any) -> Jet:
        """Return the difference."""
        return NotImplemented if isinstance(other, Traced) else self._sum(other, -1)

    def __rsub__(self, other: Any) -> Jet:
        """Return ``other - self``."""
        return (self * -1).__add__(other)

    def __mul__(self, other: Any) -> Jet:
        """Return the elementwise product, truncated."""
        if isinstance(other, Traced):
            return NotImplemented
        return self._product(other, lambda a, b: a * b)

    __rmul__ = __mul__

    def __truediv__(self, count: int) -> Jet:
        """Return the quotient by a positive integer."""
        return self._each(lambda c: c / count)

    def __matmul__(self, other: Any) -> Jet:
        """Return the product of two matrices, truncated."""
        if isinstance(other, Traced):
            return NotImplemented
        return self._product(other, lambda a, b: a @ b)

    def __rmatmul__(self, other: Any) -> Jet:
        """Return ``other @ self``, truncated."""
        return self._product(other, lambda a, b: b @ a)

    def gathered(self, gather: Gather) -> Jet:
        """Entries of every sample, or zero (:mod:`cep_core.networks.gather`)."""
        return Jet(tuple(map(gather, self._full())), self.order)

    def reshape(self, shape: tuple[int, ...]) -> Jet:
        """The same elements in another shape."""
        return Jet(tuple(c.reshape(shape) for c in self._full()), self.order)

    def _full(self) -> list[Array]:
        """The coefficients, all of one shape."""
        first = self.coefficients[0]
        return [c if shape_of(c) == self.shape else first * 0 + c for c in self.coefficients]

    def sum(self, axis: int | None = None) -> Jet:
        """Return the sum over the first axis, or over everything."""
        return self._each(lambda c: c.sum() if axis is None else c.sum(axis))


def _coefficients(value: Any) -> tuple[Array, ...]:
    return value.coefficients if isinstance(value, Jet) else (value,)


def beta(order: int = 1) -> Jet:
    """Return the nudging strength itself, as a jet."""
    return Jet((0, 1), order)


def coefficient(value: Array, k: int) -> Array:
    """Coefficient of ``beta^k`` of a jet, or of a constant."""
    if isinstance(value, Jet):
        return value[k]
    return value if k == 0 else value * 0


class Smooth:
    """A smooth elementwise function given by its derivatives, on arrays, jets and tapes.

    Attributes:
        name: the function's name.
        derivative: ``derivative(v, k)`` is the ``k``-th derivative at the array ``v``.

    """

    def __init__(self, name: str, derivative: Callable[[Array, int], Array]) -> None:
        """Wrap the derivatives."""
        self.name = name
        self.derivative = derivative

    def __call__(self, v: Array) -> Array:
        """Value at ``v``, same shape."""
        return self._at(v, 0)

    def slope(self, v: Array) -> Array:
        """First derivative at ``v``, same shape."""
        return self._at(v, 1)

    def _at(self, v: Array, k: int) -> Array:
        if isinstance(v, Traced):
            return v.apply(self._at(v.value, k), self._at(v.value, k + 1))
        if not isinstance(v, Jet):
            return self.derivative(v, k)
        base = v.coefficients[0]
        total = Jet((self.derivative(base, k),), v.order)
        if len(v.coefficients) == 1:
            return total
        moved = Jet((base * 0, *v.coefficients[1:]), v.order)
        power = moved
        for j in range(1, v.order + 1):
            term = power * self.derivative(base, k + j)
            total = total + (term / factorial(j) if j > 1 else term)
            power = power * moved
        return total
