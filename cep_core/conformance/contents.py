"""What a conformance file holds, and what a kind of file has to say of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple, Protocol

import torch

from cep_core.conformance.archive import ConformanceError, Head
from cep_core.fields import Fields, Kind, shown
from cep_core.networks import Network, Nudge
from cep_core.rules import Rule
from cep_core.training.engine import EngineName

Shape = tuple[int, ...]

MOST_LAYERS = 100
MOST_UNITS = 10**6
MOST_STEPS = 10**6
MOST_VALUES = 2**28
"""Numbers in the weights of a network, or in the processes of one side: two gigabytes."""

NUDGES: dict[str, Nudge] = {"outside": "outside", "inside": "inside"}


class Expected(NamedTuple):
    """What an array is to be: float64 of a shape, or integers from 0 to ``most``."""

    shape: Shape
    most: int | None = None


@dataclass(frozen=True)
class Described:
    """What the description of a file says.

    Attributes:
        network: the dynamics.
        rule: the learning rule.
        arrays: by name, those that a file must hold.
        optional: those that it may hold.

    """

    network: Network
    rule: Rule
    arrays: Mapping[str, Expected]
    optional: Mapping[str, Expected]

    def expected(self, path: Path, heads: Mapping[str, Head]) -> dict[str, Expected]:
        """The arrays of this file.

        Raises:
            ConformanceError: one is missing, or nobody asks for it.

        """
        for name, (shape, _) in self.arrays.items():
            if name not in heads:
                raise fault(path, f"array {name}", f"shape {shape}", "none")
        found = dict(self.arrays) | {n: e for n, e in self.optional.items() if n in heads}
        for name in heads:
            if name not in found and name != "meta":
                raise fault(path, f"array {shown(name)[1:-1]}", "no such array", "one")
        return found


@dataclass(frozen=True)
class ConformanceFile:
    """A conformance file that has been read and checked.

    Attributes:
        path: where it was read from.
        kind: one of :data:`cep_core.conformance.files.KINDS`.
        network: the dynamics that the file describes.
        rule: the learning rule.
        meta: the file's description.
        arrays: every array of the file, by name, as tensors.
    """

    path: Path
    kind: str
    network: Network
    rule: Rule
    meta: Mapping[str, Any]
    arrays: Mapping[str, torch.Tensor]

    @property
    def initial(self) -> dict[str, torch.Tensor]:
        """Initial parameters by name, float64."""
        return self.group("initial")

    def group(self, prefix: str) -> dict[str, torch.Tensor]:
        """Arrays whose name starts with ``prefix/``, by the rest of their name."""
        start = f"{prefix}/"
        return {k.removeprefix(start): v for k, v in self.arrays.items() if k.startswith(start)}


class Format(Protocol):
    """What a kind of file, or several of one family, knows: the members of its module."""

    TOLERANCES: Mapping[str, float]
    """By kind: the largest absolute difference that passes unless another is asked for."""

    def describe(self, meta: Fields, kind: str, heads: Mapping[str, Head]) -> Described:
        """Check the description; raises a :class:`ConformanceError` that names the field."""

    def compute(self, file: ConformanceFile, engine: EngineName) -> dict[str, torch.Tensor]:
        """Our numbers for the arrays that are results, by the name of the array."""

    def first_compared(self, file: ConformanceFile, array: str) -> int:
        """First entry, along the first axis, of a result that is compared."""


def fault(path: Path | str, field: str, expected: str, found: object) -> ConformanceError:
    """An error about a field or an array of a file."""
    return ConformanceError(f"{path}: {field}: expected {expected}, found {found}")


def _sign(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or abs(value) != 1:
        raise ValueError
    return value


SIGN = Kind("1 or -1", _sign)
