"""Holding the definition against numbers that another implementation produced."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch

from cep_core.conformance.contents import ConformanceFile
from cep_core.conformance.files import FORMATS, ConformanceError
from cep_core.training.engine import EngineName

TOLERANCES = {kind: family.TOLERANCES[kind] for kind, family in FORMATS.items()}
"""Largest absolute difference that passes, by kind of file, unless another is asked for."""


@dataclass(frozen=True)
class Comparison:
    """One array of a file held against ours.

    Attributes:
        array: the array's name in the file, e.g. ``final/W_0_1``.
        difference: largest absolute difference over the entries that are to be compared; infinite
            where either side is not a number.
        count: how many entries were compared.

    """

    array: str
    difference: float
    count: int


def compare(file: ConformanceFile, engine: EngineName = "reference") -> list[Comparison]:
    """Compute what the file describes and compare every array that it holds.

    Args:
        file: the checked file.
        engine: what trains a file of training; the definition unless given.

    Raises:
        ConformanceError: no entry of the file is one that can be compared.

    """
    family = FORMATS[file.kind]
    ours = family.compute(file, engine)
    found = [
        _compared(name, ours[name], theirs, start=family.first_compared(file, name))
        for name, theirs in file.arrays.items()
        if name in ours
    ]
    if not sum(comparison.count for comparison in found):
        raise ConformanceError(
            f"{file.path}: arrays: expected entries to compare, found only such as nobody computes"
        )
    return found


def _compared(name: str, ours: torch.Tensor, theirs: torch.Tensor, *, start: int) -> Comparison:
    gap = (ours[start:] - theirs[start:]).abs()
    largest = float(gap.max()) if gap.numel() else 0.0
    return Comparison(name, largest if math.isfinite(largest) else math.inf, gap.numel())
