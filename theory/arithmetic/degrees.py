"""Degrees of polynomials as a number system: what a computation's degree is, by running it.

An array is represented by an upper bound of the total degree of its elements, so that the same
code that is run at a random point of a prime field is run once more to bound the degree of the
identity that is tested there (Schwartz, 1980; Zippel, 1979).
"""

from __future__ import annotations

from typing import Any

from cep_core.networks.gather import Gather


class Degree:
    """A bound of the total degree of every element of an array.

    Attributes:
        bound: the degree; -1 for an array that is known to be zero.
        shape: shape of the array.

    """

    def __init__(self, bound: int, shape: tuple[int, ...]) -> None:
        """Wrap the bound; ``shape`` is the shape of the array that it stands for."""
        self.bound = bound
        self.shape = shape

    @property
    def T(self) -> Degree:  # noqa: N802 - NumPy's name
        """The transpose of a matrix."""
        return Degree(self.bound, self.shape[::-1])

    def __add__(self, other: Any) -> Degree:
        """Return the bound of a sum, or of a difference."""
        if isinstance(other, int):
            return Degree(max(self.bound, 0 if other else -1), self.shape)
        if not isinstance(other, Degree):
            return NotImplemented
        return Degree(max(self.bound, other.bound), max(self.shape, other.shape, key=len))

    __radd__ = __sub__ = __rsub__ = __add__

    def __mul__(self, other: Any) -> Degree:
        """Return the bound of an elementwise product."""
        if isinstance(other, int):
            return Degree(self.bound if other else -1, self.shape)
        if not isinstance(other, Degree):
            return NotImplemented
        shape = max(self.shape, other.shape, key=len)
        return Degree(_product(self.bound, other.bound), shape)

    __rmul__ = __mul__

    def __neg__(self) -> Degree:
        """Return the bound of the negative, which is the same."""
        return self

    def __truediv__(self, count: int) -> Degree:
        """Return the bound of the quotient by an integer, which is the same."""
        return self

    def __matmul__(self, other: Any) -> Degree:
        """Return the bound of a product of matrices."""
        if not isinstance(other, Degree):
            return NotImplemented
        return Degree(_product(self.bound, other.bound), (self.shape[0], other.shape[1]))

    def gathered(self, gather: Gather) -> Degree:
        """Return the bound of entries of every sample, or zero."""
        return Degree(self.bound, (self.shape[0], *gather.index.shape))

    def reshape(self, shape: tuple[int, ...]) -> Degree:
        """Return the bound in another shape."""
        return Degree(self.bound, shape)

    def sum(self, axis: int | None = None) -> Degree:
        """Return the bound of a sum over the first axis, or over everything."""
        return Degree(self.bound, () if axis is None else self.shape[1:])


def _product(a: int, b: int) -> int:
    return -1 if min(a, b) < 0 else a + b
