"""Polynomial rings over the rationals: FLINT's, and SymPy's as a second implementation.

Both count symbols out one by one, under names that appear in counter-examples only.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np
from flint import Ordering, fmpq, fmpq_mpoly_ctx
from sympy import QQ
from sympy.polys.rings import ring as sympy_ring

from theory.arithmetic.series import Elements


class Ring(Protocol):
    """A polynomial ring that hands out its generators."""

    names: list[str]

    @property
    def library(self) -> str:
        """Name of the implementation, for the report."""

    def symbol(self, name: str) -> Any:
        """Return a generator not handed out before, to be shown as ``name``."""

    def show(self, polynomial: Any) -> str:
        """Write a polynomial with the names of its symbols."""

    def value(self, polynomial: Any, numbers: Sequence[int]) -> tuple[int, int]:
        """Value where the symbols, in the order handed out, take ``numbers``: a fraction."""


class _Ring:
    """What both rings share: the generators and their names."""

    library = ""
    _generators: Sequence[Any]

    def __init__(self, capacity: int) -> None:
        self.capacity = capacity
        self.names: list[str] = []

    def symbol(self, name: str) -> Any:
        """Return a generator not handed out before, to be shown as ``name``.

        Raises:
            ValueError: all generators have been handed out.

        """
        if len(self.names) == self.capacity:
            msg = f"symbol {name}: the ring has {self.capacity} symbols and all are in use"
            raise ValueError(msg)
        self.names.append(name)
        return self._generators[len(self.names) - 1]

    def show(self, polynomial: Any) -> str:
        """Write a polynomial with the names of its symbols."""
        return re.sub(r"g(\d+)", lambda match: self.names[int(match[1])], str(polynomial))


class FlintRing(_Ring):
    """FLINT's sparse multivariate polynomials over the rationals, through python-flint."""

    library = "FLINT fmpq_mpoly"

    def __init__(self, capacity: int) -> None:
        """Make a ring with ``capacity`` generators."""
        super().__init__(capacity)
        names = [f"g{i}" for i in range(capacity)]
        self._generators = fmpq_mpoly_ctx.get(names, Ordering.degrevlex).gens()

    def value(self, polynomial: Any, numbers: Sequence[int]) -> tuple[int, int]:
        """Value where the symbols take ``numbers`` (0 for the unused): a fraction."""
        if isinstance(polynomial, int):
            return polynomial, 1
        padded = [*numbers, *([0] * (self.capacity - len(numbers)))]
        found = fmpq(polynomial(*padded))
        return int(found.p), int(found.q)


class SympyRing(_Ring):
    """SymPy's sparse polynomials over the rationals, in pure Python."""

    library = "SymPy ring"

    def __init__(self, capacity: int) -> None:
        """Make a ring with ``capacity`` generators."""
        super().__init__(capacity)
        self._generators = sympy_ring([f"g{i}" for i in range(capacity)], QQ)[1:]

    def value(self, polynomial: Any, numbers: Sequence[int]) -> tuple[int, int]:
        """Value where the symbols take ``numbers`` (0 for the unused): a fraction."""
        if isinstance(polynomial, int):
            return polynomial, 1
        padded = [*numbers, *([0] * (self.capacity - len(numbers)))]
        found = QQ(polynomial(*padded))
        return int(found.numerator), int(found.denominator)


def symbols(ring: Ring, name: str, shape: tuple[int, ...]) -> Elements:
    """Return an array of fresh symbols ``name[i,j]``."""
    found = np.empty(shape, dtype=object)
    for index in np.ndindex(*shape):
        found[index] = ring.symbol(f"{name}[{','.join(map(str, index))}]")
    return found
