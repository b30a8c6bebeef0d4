"""Reading conformance files: numbers that another implementation produced, checked field by field.

A conformance file is an ``.npz`` with a JSON string ``meta`` and arrays: mini-batches of training
(kind ``training``) or the processes of one sample (kind ``curves``). Nothing in a file can execute
code.
"""

from __future__ import annotations

import json
import math
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

from cep_core.activations import activation_named
from cep_core.networks import DriftSlope, EnergyBased, Network, Prototypical, bias, weight
from cep_core.rules import C_EP, C_VF, EP, Rule

KINDS = ("training", "curves")

_RULES = {"ep": EP, "cep": C_EP, "cvf": C_VF}


class ConformanceError(ValueError):
    """A conformance file is malformed; the message names the file, the field and the value."""


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
    """Checks one file field by field, so that every error names what is wrong."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.meta: dict[str, Any] = {}
        self.arrays: dict[str, torch.Tensor] = {}

    def error(self, field: str, expected: str, found: object) -> ConformanceError:
        return ConformanceError(f"{self.path}: {field}: expected {expected}, found {found}")

    def read(self) -> ConformanceFile:
        raw = self.load()
        self.meta = self.read_meta(raw.pop("meta", None))
        kind = self.choice("kind", dict.fromkeys(KINDS))
        for name, value in raw.items():
            if value.dtype.kind not in "fiu" or (value.dtype.kind == "f" and value.dtype != "f8"):
                raise self.error(f"array {name}", "float64 or integers", value.dtype)
            self.arrays[name] = torch.from_numpy(np.ascontiguousarray(value))
        network, rule = self.network()
        self.shapes(kind)
        return ConformanceFile(self.path, kind, network, rule, self.meta, self.arrays)

    def load(self) -> dict[str, np.ndarray[Any, Any]]:
        try:
            # Opened here: np.load leaves a file that it cannot read open.
            with self.path.open("rb") as opened, np.load(opened, allow_pickle=False) as file:
                return {name: file[name] for name in file.files}
        except FileNotFoundError:
            raise ConformanceError(f"{self.path}: no such file") from None
        except (OSError, ValueError, EOFError, AttributeError, zipfile.BadZipFile) as error:
            raise self.error("file", "an .npz of plain arrays", str(error).split("\n")[0]) from None
        except Exception as error:  # zlib.error and the like: a damaged archive in any way
            raise self.error("file", "an undamaged .npz", f"{type(error).__name__}") from error

    def read_meta(self, value: np.ndarray[Any, Any] | None) -> dict[str, Any]:
        if value is None or value.dtype.kind != "U" or value.ndim:
            raise self.error("meta", "a JSON string", "none" if value is None else value.dtype)
        try:
            meta = json.loads(str(value))
        except ValueError as error:
            raise self.error("meta", "a JSON string", error) from None
        if not isinstance(meta, dict):
            raise self.error("meta", "a JSON object", type(meta).__name__)
        return meta

    def field(self, name: str) -> Any:
        if name not in self.meta:
            raise self.error(f"meta.{name}", "a value", "none")
        return self.meta[name]

    def choice(self, name: str, known: Mapping[str, object]) -> str:
        value = self.field(name)
        if not isinstance(value, str) or value not in known:
            raise self.error(f"meta.{name}", f"one of {', '.join(known)}", repr(value))
        return value

    def number(self, name: str, *, whole: bool = False, least: float = -math.inf) -> Any:
        value = self.field(name)
        kind = int if whole else (int, float)
        if (
            isinstance(value, bool)
            or not isinstance(value, kind)
            or not math.isfinite(value)
            or value < least
        ):
            above = "" if least == -math.inf else f" of at least {least}"
            expected = f"a {'whole ' if whole else ''}number{above}"
            raise self.error(f"meta.{name}", expected, repr(value))
        return value

    def boolean(self, name: str) -> bool:
        value = self.field(name)
        if not isinstance(value, bool):
            raise self.error(f"meta.{name}", "true or false", repr(value))
        return value

    def numbers(self, name: str, count: int) -> list[float]:
        value = self.field(name)
        if (
            not isinstance(value, list)
            or len(value) != count
            or any(isinstance(v, bool) or not isinstance(v, int | float) for v in value)
        ):
            raise self.error(f"meta.{name}", f"a list of {count} numbers", repr(value))
        return value

    def sizes(self) -> list[int]:
        value = self.field("sizes")
        if (
            not isinstance(value, list)
            or len(value) < 2  # noqa: PLR2004 - an input and an output at least
            or any(isinstance(v, bool) or not isinstance(v, int) or v < 1 for v in value)
        ):
            raise self.error("meta.sizes", "a list of layer sizes, input first", repr(value))
        return value

    def network(self) -> tuple[Network, Rule]:
        layers = len(self.sizes()) - 1
        rule = _RULES[self.choice("rule", _RULES)]
        try:
            activation = activation_named(self.field("activation"))
        except (ValueError, TypeError) as error:
            raise ConformanceError(f"{self.path}: meta.activation: {error}") from None
        nudging = self.choice("nudging", dict.fromkeys(("outside", "inside")))
        setting = self.choice("setting", dict.fromkeys(("prototypical", "energy-based")))
        if self.number("beta") == 0:
            raise self.error("meta.beta", "a number other than zero", 0)
        steps = self.number("K", whole=True, least=1)
        self.number("T", whole=True, least=steps + 1 if self.meta["kind"] == "curves" else 1)
        activations = (activation,) * layers
        if setting == "prototypical":
            return Prototypical(activations, "inside" if nudging == "inside" else "outside"), rule
        if self.number("dt") <= 0:
            raise self.error("meta.dt", "a positive number", self.meta["dt"])
        slope: DriftSlope = "none" if rule is C_VF else "hidden"
        return EnergyBased(activations, self.meta["dt"], slope, self.boolean("clamp")), rule

    def shapes(self, kind: str) -> None:
        sizes = self.sizes()
        parameters = self.parameter_shapes(sizes)
        required = {f"initial/{name}": shape for name, shape in parameters.items()}
        if kind == "training":
            batch = self.training_inputs(sizes)
            required |= {f"final/{name}": shape for name, shape in parameters.items()}
            required |= {f"free/s_{n}": (batch, size) for n, size in enumerate(sizes[:0:-1])}
            optional: dict[str, tuple[int, ...]] = {}
        else:
            if self.field("eta") is not None:
                self.numbers("eta", len(sizes) - 1)
            required |= {"x": (1, sizes[0]), "y": (1, sizes[-1])}
            optional = self.curve_shapes(sizes, parameters)
            if not optional.keys() & self.arrays.keys():
                raise self.error("arrays", "processes to compare", "none")
        for name, shape in required.items():
            if name not in self.arrays:
                raise self.error(f"array {name}", f"shape {shape}", "none")
        for name in self.arrays.keys() - ({"x", "y"} if kind == "training" else set()):
            self.result(name, (required | optional).get(name))

    def result(self, name: str, shape: tuple[int, ...] | None) -> None:
        value = self.arrays[name]
        if shape is None:
            raise self.error(f"array {name}", "no such array in this kind of file", "one")
        if tuple(value.shape) != shape:
            raise self.error(f"array {name}", f"shape {shape}", tuple(value.shape))
        if not value.dtype.is_floating_point:
            raise self.error(f"array {name}", "float64", value.dtype)
        if not bool(value.isfinite().all()):
            raise self.error(f"array {name}", "finite numbers", "NaN or infinity")

    def parameter_shapes(self, sizes: list[int]) -> dict[str, tuple[int, ...]]:
        from_output = sizes[::-1]
        layers = len(sizes) - 1
        shapes: dict[str, tuple[int, ...]] = {}
        for n in range(layers):
            above: int | str = "x" if n == layers - 1 else n + 1
            shapes[weight(n, above)] = (from_output[n], from_output[n + 1])
            shapes[bias(n)] = (from_output[n],)
            if above != "x" and self.meta["rule"] == "cvf":
                shapes[weight(n + 1, n)] = (from_output[n + 1], from_output[n])
        return shapes

    def curve_shapes(
        self, sizes: list[int], parameters: dict[str, tuple[int, ...]]
    ) -> dict[str, tuple[int, ...]]:
        steps = self.meta["K"]
        states = {f"s_{n}": (size,) for n, size in enumerate(sizes[:0:-1])}
        shapes: dict[str, tuple[int, ...]] = {
            f"steady/{name}": (1, *shape) for name, shape in states.items()
        }
        for side in ("delta", "nabla"):
            for name, shape in (states | parameters).items():
                shapes[f"{side}/{name}"] = (steps, *shape)
        return shapes

    def training_inputs(self, sizes: list[int]) -> int:
        self.numbers("learning_rates", len(sizes) - 1)
        self.boolean("trains_input_bias")
        batch = self.number("batch_size", whole=True, least=1)
        signs = self.field("beta_signs")
        if not isinstance(signs, list) or not signs or any(s not in {1, -1} for s in signs):
            raise self.error("meta.beta_signs", "a list of 1 and -1", repr(signs))
        for name, shape, top in (
            ("x", (len(signs), batch, sizes[0]), 255),
            ("y", (len(signs), batch), sizes[-1] - 1),
        ):
            value = self.arrays.get(name)
            if value is None:
                raise self.error(f"array {name}", f"shape {shape}", "none")
            if tuple(value.shape) != shape:
                raise self.error(f"array {name}", f"shape {shape}", tuple(value.shape))
            if value.dtype.is_floating_point or int(value.min()) < 0 or int(value.max()) > top:
                found = f"{value.dtype} from {value.min()} to {value.max()}"
                raise self.error(f"array {name}", f"integers from 0 to {top}", found)
        return int(batch)
