"""Euclidean norms in balls: exact upper ends, of vectors and of matrices."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
from flint import arb, arb_mat

from theory.arithmetic.balls import Balls, balls, midpoints


def upper(number: Any) -> Any:
    """Return the upper end of a ball, as a ball without radius."""
    return arb(number.upper())


def largest(numbers: Iterable[Any]) -> Any:
    """Return an upper bound of the absolute values; 0 of none."""
    return max((upper(abs(number)) for number in numbers), default=arb(0))


def euclidean(arrays: Iterable[Balls]) -> Any:
    """Return an upper bound of the Euclidean norm of all entries of the arrays together."""
    total = arb(0)
    for array in arrays:
        entries = array.entries()
        row = arb_mat(1, len(entries), entries)
        total += (row * row.transpose())[0, 0]
    return upper(upper(total).sqrt())


def _row_sum(matrix: Any) -> Any:
    return max(upper(sum((abs(e) for e in row), arb(0))) for row in matrix.tolist())


def symmetric_norm(matrix: Any) -> Any:
    """Return an upper bound of the spectral norm of a symmetric ``arb_mat``.

    With the approximate eigenvectors ``Q`` of floating point, ``|x^T A x| <= |M| |y|^2`` for
    ``x = Q y``, ``M = Q^T A Q``, and ``|x|^2 >= (1 - |Q^T Q - I|) |y|^2``; both norms are bounded
    by row sums. The bound holds whatever ``Q`` is, and is as tight as ``Q`` is good.

    Raises:
        ValueError: the eigenvectors of floating point are not orthogonal enough to say anything.

    """
    size = matrix.nrows()
    middle = midpoints(Balls(matrix, (size, size)))
    vectors = balls(np.linalg.eigh((middle + middle.T) / 2).eigenvectors).matrix
    deviation = _row_sum(vectors.transpose() * vectors - balls(np.eye(size)).matrix)
    if not deviation < 1:
        raise ValueError("matrix: expected eigenvectors close to orthogonal, found none")
    return upper(_row_sum(vectors.transpose() * matrix * vectors) / (1 - deviation))


def operator_norm(matrix: Any) -> Any:
    """Return an upper bound of the spectral norm of any ``arb_mat``."""
    transposed = matrix.transpose()
    gram = matrix * transposed if matrix.nrows() <= matrix.ncols() else transposed * matrix
    return upper(symmetric_norm(gram).sqrt())


def operator_norm_from_below(matrix: Any) -> Any:
    """Return a lower bound of it: the growth of one vector."""
    middle = midpoints(Balls(matrix, (matrix.nrows(), matrix.ncols())))
    vector = balls(np.linalg.svd(middle, full_matrices=False).Vh[:1].T.copy()).matrix
    image = matrix * vector
    grown = (image.transpose() * image)[0, 0] / (vector.transpose() * vector)[0, 0]
    return arb(grown.sqrt().lower())
