"""Arrays over the prime field of ``p = 2^31 - 1``, fast enough for the paper's networks.

Everything is exact: elements are ``uint64`` words below p, products are reduced by the Mersenne
rule ``2^31 = 1``, and matrix products cut one operand into limbs so short that no sum of products
overflows.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from cep_core.networks.gather import Gather

P = 2**31 - 1
"""The prime, the largest below 2^31."""

_MASK = np.uint64(P)
_BITS = np.uint64(31)
_LIMB = np.uint64(16)
_LIMB_MASK = np.uint64(2**16 - 1)
_LONGEST_INNER = 2**17
"""So many products of 16-bit by 31-bit words fit into 64 bits together."""
_SHORT_INNER = 4
"""So many products of two elements fit into 64 bits together."""

_BLOCK = 2**13
"""Words that are reduced together."""

Words = NDArray[np.uint64]


def _canonical(v: Words | np.uint64, *, folds: int, offset: int = 0) -> Words:
    """Replace words by canonical residues, in place and in blocks that stay in the cache.

    Each fold applies ``2^31 -> 1`` once: none for words below ``2 p``, one for products of two
    residues, two for any words. The multiple ``offset`` of p is added first.
    """
    v = np.asarray(v)
    if not (v.flags.c_contiguous or v.flags.f_contiguous):
        v = np.ascontiguousarray(v)
    flat = (v if v.flags.c_contiguous else v.T).reshape(-1)
    spare = np.empty(min(_BLOCK, flat.size), dtype=np.uint64)
    for start in range(0, flat.size, _BLOCK):
        block = flat[start : start + _BLOCK]
        low = spare[: block.size]
        if offset:
            np.add(block, np.uint64(offset), out=block)
        for _ in range(folds):
            np.bitwise_and(block, _MASK, out=low)
            np.right_shift(block, _BITS, out=block)
            np.add(block, low, out=block)
        np.subtract(block, _MASK, out=low)
        np.minimum(block, low, out=block)
    return v


def _reduce(v: Words | np.uint64) -> Words:
    """Replace any 64-bit words by canonical residues, in place."""
    return _canonical(v, folds=2)


def _reduce_product(v: Words | np.uint64) -> Words:
    """Replace products of two residues by canonical residues, in place."""
    return _canonical(v, folds=1)


def _residue(number: int) -> np.uint64:
    return np.uint64(number % P)


def _product(a: Words, b: Words) -> Words:
    """``a @ b``, the smaller operand cut into two limbs so that no sum reaches ``2^64``."""
    inner = a.shape[1]
    if inner == 1:
        return _reduce_product(a * b)
    if inner <= _SHORT_INNER:
        total = a[:, :1] * b[:1]
        for k in range(1, inner):
            total += a[:, k : k + 1] * b[k : k + 1]
        return _reduce(total)
    if a.size > b.size:
        return _product(b.T, a.T).T
    if inner > _LONGEST_INNER:
        msg = f"inner length: expected at most {_LONGEST_INNER}, found {inner}"
        raise ValueError(msg)
    rows = a.shape[0]
    limbs = np.concatenate((a & _LIMB_MASK, a >> _LIMB))
    parts = _reduce(np.einsum("ij,jk->ik", limbs, b))
    return _reduce(parts[:rows] + (parts[rows:] << _LIMB))


class Field:
    """An array over the prime field, with the operations of :mod:`cep_core.arrays`.

    Attributes:
        words: the residues, ``uint64`` in ``[0, p)``.

    """

    __array_ufunc__ = None
    __hash__ = None  # type: ignore[assignment]  # an array, compared elementwise

    def __init__(self, words: Words) -> None:
        """Wrap residues that are already canonical; see :func:`field` for others."""
        self.words = words

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of the array."""
        return self.words.shape

    @property
    def T(self) -> Field:  # noqa: N802 - NumPy's name
        """The transpose of a matrix."""
        return Field(self.words.T)

    def __add__(self, other: Any) -> Field:
        """Return the sum; a vector is added to every row of a matrix."""
        if not isinstance(other, Field | int):
            return NotImplemented
        return Field(_canonical(np.add(self.words, _words(other)), folds=0))

    __radd__ = __add__

    def __neg__(self) -> Field:
        """Return the negative."""
        return self * -1

    def __sub__(self, other: Any) -> Field:
        """Return the difference."""
        if not isinstance(other, Field | int):
            return NotImplemented
        return Field(_canonical(np.subtract(self.words, _words(other)), folds=0, offset=P))

    def __rsub__(self, other: Any) -> Field:
        """Return ``other - self``."""
        return (self * -1).__add__(other)

    def __mul__(self, other: Any) -> Field:
        """Return the elementwise product."""
        if not isinstance(other, Field | int):
            return NotImplemented
        if isinstance(other, int) and other == 0:
            return Field(np.zeros_like(self.words))
        return Field(_reduce_product(np.multiply(self.words, _words(other))))

    __rmul__ = __mul__

    def __truediv__(self, count: int) -> Field:
        """Return the quotient by an integer that p does not divide."""
        return self * pow(count, -1, P)

    def __matmul__(self, other: Any) -> Field:
        """Return the product of two matrices."""
        if not isinstance(other, Field):
            return NotImplemented
        return Field(_product(self.words, other.words))

    def sum(self, axis: int | None = None) -> Field:
        """Return the sum over an axis, or over everything, of fewer than 2^33 elements."""
        return Field(_reduce(np.asarray(self.words.sum(axis))))

    def gathered(self, gather: Gather) -> Field:
        """Entries of every sample, or zero (:mod:`cep_core.networks.gather`)."""
        return Field(gather.of(self.words))

    def reshape(self, shape: tuple[int, ...]) -> Field:
        """The same elements in another shape."""
        return Field(self.words.reshape(shape))

    def is_zero(self) -> bool:
        """Tell whether every element is zero."""
        return not bool(self.words.any())

    def nonzero(self) -> int:
        """Number of elements that are not zero."""
        return int(np.count_nonzero(self.words))


def _words(other: Field | int) -> Words | np.uint64:
    return other.words if isinstance(other, Field) else _residue(other)


def field(numbers: Any) -> Field:
    """Return an array over the field from integers of any size and sign."""
    exact = np.asarray(numbers, dtype=object) % P  # Python integers: no overflow
    return Field(np.asarray(exact, dtype=np.uint64))


def uniform(generator: np.random.Generator, *shape: int) -> Field:
    """Draw an array of independent, uniformly distributed elements of the field."""
    return Field(np.asarray(generator.integers(0, P, size=shape, dtype=np.uint64)))
