"""Activation functions about which nothing is assumed.

At each point where it is asked, a free activation answers with its Taylor expansion in symbols of
their own: ``r0`` for its value there, ``r1`` for its slope, ``r2, r3, …`` for the higher
derivatives. An identity between polynomials in these symbols then holds for every activation. Two
arguments are one point if and only if they are one polynomial.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import factorial
from typing import Any

import numpy as np

from theory.arithmetic.series import Elements, Series, powers
from theory.arithmetic.tape import Traced


class UnknownPointError(ValueError):
    """A free activation was asked at a point that is not one of those it was given."""


class FreeActivation:
    """An elementwise function with a free symbol for each derivative at each point.

    Args:
        fresh: makes the derivatives at a point met for the first time, given how many are wanted;
            None if only the points given by :meth:`define` may be met, such as the steady state.

    """

    def __init__(self, name: str, fresh: Callable[[int], Sequence[Any]] | None = None) -> None:
        """Make a function that is known nowhere yet."""
        self.name = name
        self._fresh = fresh
        self._known: dict[str, list[Any]] = {}

    def define(self, points: Elements, derivatives: Sequence[Elements]) -> None:
        """Give the derivatives (the value first) at ``points``, arrays of one shape."""
        for index in np.ndindex(*points.shape):
            self._known[str(points[index])] = [r[index] for r in derivatives]

    def _derivative(self, point: Any, order: int) -> Any:
        key = str(point)
        found = self._known.setdefault(key, []) if self._fresh else self._known.get(key)
        if found is None:
            msg = (
                f"activation {self.name} was asked away from the steady state: the free phase is "
                "not settled there, or the dynamics have been changed"
            )
            raise UnknownPointError(msg)
        if order >= len(found):
            if self._fresh is None:
                msg = f"activation {self.name}: derivative {order} is needed and was not given"
                raise UnknownPointError(msg)
            found.extend(self._fresh(order + 1 - len(found)))
        return found[order]

    def _taylor(self, v: Series, first: int) -> Series:
        """Expand the derivative of order ``first`` about the constant term of ``v``."""

        def derivative(order: int) -> Elements:
            values = np.empty(v.constant.shape, dtype=object)
            for index in np.ndindex(*values.shape):
                values[index] = self._derivative(v.constant[index], order)
            return values

        total = Series((derivative(first),), v.order)
        if len(v.coefficients) == 1 or v.order == 0:
            return total
        offset = Series((np.zeros(v.shape, dtype=object), *v.coefficients[1:]), v.order)
        for k, power in enumerate(powers(offset, v.order), start=1):
            term = power * Series((derivative(first + k),), v.order)
            total = total + (term / factorial(k) if k > 1 else term)
        return total

    def _at(self, v: Traced | Series, order: int) -> Traced | Series:
        if isinstance(v, Traced):
            return v.apply(self._at(v.value, order), self._at(v.value, order + 1))
        return self._taylor(v, order)

    def __call__(self, v: Traced | Series) -> Traced | Series:
        """Value, same shape."""
        return self._at(v, 0)

    def slope(self, v: Traced | Series) -> Traced | Series:
        """First derivative, same shape."""
        return self._at(v, 1)
