"""Reading conformance files: numbers that another implementation produced, checked field by field.

A conformance file is an ``.npz`` with a JSON string ``meta`` and arrays: mini-batches of training
(kind ``training``) or the processes of one sample (kind ``curves``). Nothing in a file can execute
code.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import torch

from cep_core.activations import ACTIVATIONS
from cep_core.conformance.archive import Archive, ConformanceError, Head, open_archive
from cep_core.fields import (
    Fields,
    Kind,
    choice,
    flag,
    nonzero,
    number,
    one_of,
    positive,
    sequence,
    shown,
    whole,
)
from cep_core.networks import (
    SETTINGS,
    Network,
    Nudge,
    bias,
    network_named,
    published_drift,
    weight,
)
from cep_core.rules import C_EP, C_VF, EP, Rule

__all__ = ["KINDS", "ConformanceError", "ConformanceFile", "read"]

KINDS = ("training", "curves")

Shape = tuple[int, ...]

MOST_LAYERS = 100
MOST_UNITS = 10**6
MOST_STEPS = 10**6
MOST_VALUES = 2**28
"""Numbers in the weights of a network, or in the processes of one side: two gigabytes."""

LONGEST_META = 1 << 20
_BYTES_OF_FLOAT64 = 8

_NUDGES: dict[str, Nudge] = {"outside": "outside", "inside": "inside"}
_RULES = {"ep": EP, "cep": C_EP, "cvf": C_VF}


def _sign(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or abs(value) != 1:
        raise ValueError
    return value


_SIGN = Kind("1 or -1", _sign)


@dataclass(frozen=True)
class ConformanceFile:
    """A conformance file that has been read and checked.

    Attributes:
        path: where it was read from.
        kind: ``training`` or ``curves``.
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


def read(path: Path) -> ConformanceFile:
    """Read and check a conformance file.

    Raises:
        ConformanceError: the file is missing, not an ``.npz``, lacks a field or an array, or holds
            one of the wrong type, range or shape; the message says which and what was expected.
    """
    return _Reader(path).read()


class _Reader:
    """Checks one file: its description, then the shapes of its arrays, then their contents."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.arrays: dict[str, torch.Tensor] = {}

    def error(self, field: str, expected: str, found: object) -> ConformanceError:
        return ConformanceError(f"{self.path}: {field}: expected {expected}, found {found}")

    def read(self) -> ConformanceFile:
        with open_archive(self.path) as archive:
            meta = self.read_meta(archive)
            kind = meta.get("kind", choice(*KINDS))
            network, rule = self.network(meta, kind)
            for name, (shape, most) in self.expected(meta, kind, archive.heads).items():
                self.arrays[name] = self.read_array(archive, name, shape, most)
        return ConformanceFile(self.path, kind, network, rule, meta.read, self.arrays)

    def read_meta(self, archive: Archive) -> Fields:
        head = archive.heads.get("meta")
        if head is None or head.dtype.kind != "U" or head.shape or head.size > LONGEST_META:
            found = "none" if head is None else f"{head.dtype} of shape {head.shape}"
            raise self.error("meta", "a JSON string", found)
        try:
            meta = json.loads(str(archive.read("meta")))
        except (ValueError, RecursionError) as error:
            raise self.error("meta", "a JSON string", " ".join(str(error).split())) from None
        return Fields(self.path, meta, "meta", ConformanceError)

    def network(self, meta: Fields, kind: str) -> tuple[Network, Rule]:
        sizes = meta.get("sizes", sequence(whole(1, MOST_UNITS), 2, MOST_LAYERS))
        rule = meta.get("rule", one_of(_RULES))
        activation = meta.get("activation", one_of(ACTIVATIONS))
        nudge: Nudge = meta.get("nudging", one_of(_NUDGES))
        setting = meta.get("setting", choice(*SETTINGS))
        meta.get("beta", nonzero())
        steps = meta.get("K", whole(1, MOST_STEPS))
        meta.get("T", whole(steps + 1 if kind == "curves" else 1, MOST_STEPS))
        weights = sum(a * b for a, b in pairwise(sizes))
        values = weights * (steps if kind == "curves" else 1)
        if values > MOST_VALUES:
            raise meta.fault("sizes", f"processes of at most {MOST_VALUES} numbers", values)
        activations = (activation,) * (len(sizes) - 1)
        if setting == "prototypical":
            return network_named(setting, activations, nudge=nudge), rule
        found = network_named(
            setting,
            activations,
            dt=meta.get("dt", positive()),
            drift_slope=published_drift(vector_field=rule.vector_field),
            clamp=meta.get("clamp", flag()),
        )
        return found, rule

    def expected(
        self, meta: Fields, kind: str, heads: Mapping[str, Head]
    ) -> dict[str, tuple[Shape, int | None]]:
        """Shape of every array of the file, and the largest integer where it holds integers."""
        sizes: tuple[int, ...] = meta.read["sizes"]
        parameters = self.parameter_shapes(sizes, meta.read["rule"])
        states = {f"s_{n}": (size,) for n, size in enumerate(sizes[:0:-1])}
        shapes: dict[str, Shape] = {f"initial/{name}": s for name, s in parameters.items()}
        most: dict[str, int] = {}
        optional: dict[str, Shape] = {}
        if kind == "training":
            batches, batch = self.training(meta)
            shapes |= {"x": (batches, batch, sizes[0]), "y": (batches, batch)}
            most = {"x": 255, "y": sizes[-1] - 1}
            shapes |= {f"final/{name}": shape for name, shape in parameters.items()}
            shapes |= {f"free/{name}": (batch, *shape) for name, shape in states.items()}
        else:
            if meta.field("eta") is not None:
                meta.get("eta", sequence(number(), len(sizes) - 1, len(sizes) - 1))
            shapes |= {"x": (1, sizes[0]), "y": (1, sizes[-1])}
            optional = {f"steady/{name}": (1, *shape) for name, shape in states.items()}
            for side in ("delta", "nabla"):
                for name, shape in (states | parameters).items():
                    optional[f"{side}/{name}"] = (meta.read["K"], *shape)
            if not optional.keys() & heads.keys():
                raise self.error("arrays", "processes to compare", "none")
        for name, shape in shapes.items():
            if name not in heads:
                raise self.error(f"array {name}", f"shape {shape}", "none")
        shapes |= {name: shape for name, shape in optional.items() if name in heads}
        for name in heads:
            if name not in shapes and name != "meta":
                raise self.error(f"array {shown(name)[1:-1]}", "no such array", "one")
        return {name: (shape, most.get(name)) for name, shape in shapes.items()}

    def training(self, meta: Fields) -> tuple[int, int]:
        """Mini-batches and samples in each."""
        layers = len(meta.read["sizes"]) - 1
        meta.get("learning_rates", sequence(number(), layers, layers))
        meta.get("trains_input_bias", flag())
        signs = meta.get("beta_signs", sequence(_SIGN))
        batch = meta.get("batch_size", whole(1, MOST_UNITS))
        states = batch * sum(meta.read["sizes"])
        if states > MOST_VALUES:
            raise meta.fault("batch_size", f"at most {MOST_VALUES} neurons in all", states)
        return len(signs), batch

    def read_array(
        self, archive: Archive, name: str, shape: Shape, most: int | None
    ) -> torch.Tensor:
        head = archive.heads[name]
        if head.shape != shape:
            raise self.error(f"array {name}", f"shape {shape}", head.shape)
        real = head.dtype.kind == "f" and head.dtype.itemsize == _BYTES_OF_FLOAT64
        if most is None:
            if not real:
                raise self.error(f"array {name}", "float64", head.dtype)
            value = archive.read(name)
            if not np.isfinite(value).all():
                raise self.error(f"array {name}", "finite numbers", "NaN or infinity")
            return torch.from_numpy(value)
        if head.dtype.kind not in "iu":
            raise self.error(f"array {name}", f"integers from 0 to {most}", head.dtype)
        value = archive.read(name)
        if value.min() < 0 or value.max() > most:
            found = f"{head.dtype} from {value.min()} to {value.max()}"
            raise self.error(f"array {name}", f"integers from 0 to {most}", found)
        return torch.from_numpy(value.astype(np.uint8 if most <= 255 else np.int64))  # noqa: PLR2004

    @staticmethod
    def parameter_shapes(sizes: tuple[int, ...], rule: Rule) -> dict[str, Shape]:
        from_output = sizes[::-1]
        layers = len(sizes) - 1
        shapes: dict[str, Shape] = {}
        for n in range(layers):
            above: int | str = "x" if n == layers - 1 else n + 1
            shapes[weight(n, above)] = (from_output[n], from_output[n + 1])
            shapes[bias(n)] = (from_output[n],)
            if above != "x" and rule is C_VF:
                shapes[weight(n + 1, n)] = (from_output[n + 1], from_output[n])
        return shapes
