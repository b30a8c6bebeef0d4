"""The rows of the paper's table, read from TOML and checked."""

from __future__ import annotations

import dataclasses
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_args

import torch

from cep_core.activations import activation_named
from cep_core.learning import Procedure
from cep_core.networks import DriftSlope, EnergyBased, Network, Nudge, Prototypical, answering
from cep_core.rules import learning_rates, rule_named

ROWS = Path(__file__).parent.parent / "experiments" / "table"

SETTINGS = ("prototypical", "energy-based")


class SpecError(ValueError):
    """A specification that cannot be run; the text names file, field, value, what was expected."""


@dataclass(frozen=True)
class Row:
    """What one row of the table trains. The settings are the authors' own command lines.

    Attributes:
        name: short name, e.g. ``"C-EP-1h"``.
        title: one line for a reader.
        rule: ``"EP"``, ``"C-EP"`` or ``"C-VF"``.
        sizes: layer sizes, input first.
        learning_rates: one per layer, output layer first.
        beta: nudging strength.
        free_steps: ``T``.
        nudged_steps: ``K``.
        epochs: how many the paper trains.
        setting: ``"prototypical"`` or ``"energy-based"``.
        activation: of every layer.
        output_activation: of the output layer, if another.
        nudge: ``"outside"`` the activation, as published, or ``"inside"``; prototypical only.
        angle: initial angle in degrees of the backward weights; C-VF only.
        positive_probability: probability of a positive ``beta``, drawn for every mini-batch.
        train_input_bias: whether the bias of the layer next to the input learns.
        centred: use the estimator of second order in ``beta``; EP only.
        damping: see :class:`cep_core.learning.Procedure`; 1e-5 is Appendix F.2.
        batch: size of a mini-batch.
        dt: length of an Euler step; energy-based only.
        drift_slope: see :class:`cep_core.networks.EnergyBased`.
        clamp: likewise.

    Raises:
        SpecError: at construction, naming the field.

    """

    name: str
    title: str
    rule: str
    sizes: tuple[int, ...]
    learning_rates: tuple[float, ...]
    beta: float
    free_steps: int
    nudged_steps: int
    epochs: int
    setting: str = "prototypical"
    activation: str = "sigmoid"
    output_activation: str | None = None
    nudge: Nudge = "outside"
    angle: float | None = None
    positive_probability: float = 1.0
    train_input_bias: bool = True
    centred: bool = False
    damping: float = 1.0
    batch: int = 20
    dt: float | None = None
    drift_slope: DriftSlope = "all"
    clamp: bool = False

    def __post_init__(self) -> None:
        """Refuse what is out of range or contradicts itself."""
        for field in ("free_steps", "nudged_steps", "epochs", "batch"):
            _require(getattr(self, field) >= 1, field, getattr(self, field), "a positive integer")
        enough = len(self.sizes) > 1 and min(self.sizes) > 0
        _require(enough, "sizes", self.sizes, "two or more positive sizes, input first")
        rates = self.learning_rates
        fits = len(rates) == len(self.sizes) - 1 and all(0 <= rate < float("inf") for rate in rates)
        _require(fits, "learning_rates", rates, f"{len(self.sizes) - 1} rates of 0 or more")
        _require(0 < self.beta < float("inf"), "beta", self.beta, "a positive number")
        p = self.positive_probability
        _require(0 <= p <= 1, "positive_probability", p, "a probability between 0 and 1")
        _one_of("setting", self.setting, SETTINGS)
        _one_of("nudge", self.nudge, get_args(Nudge))
        _one_of("drift_slope", self.drift_slope, get_args(DriftSlope))
        if self.rule == "C-VF":
            ok = self.angle is not None and 0 <= self.angle <= 180  # noqa: PLR2004 - degrees
            _require(ok, "angle", self.angle, "degrees between 0 and 180 for rule C-VF")
        else:
            _require(self.angle is None, "angle", self.angle, "none: only C-VF has one")
        if self.setting == "prototypical":
            _require(self.dt is None, "dt", self.dt, "none in the prototypical setting")
            _require(not self.clamp, "clamp", self.clamp, "false in the prototypical setting")
        else:
            ok = self.dt is not None and 0 < self.dt <= 1
            _require(ok, "dt", self.dt, "a step between 0 and 1 in the energy-based setting")
            _require(self.nudge == "outside", "nudge", self.nudge, "outside when energy-based")
        _ = self.network, self.procedure  # their own checks name the field too

    @property
    def network(self) -> Network:
        """The dynamics."""
        hidden = activation_named(self.activation)
        output = activation_named(self.output_activation or self.activation)
        activations = (output, *[hidden] * (len(self.sizes) - 2))
        if self.setting == "prototypical":
            return Prototypical(activations, nudge=self.nudge)
        return EnergyBased(activations, self.dt, drift_slope=self.drift_slope, clamp=self.clamp)

    @property
    def procedure(self) -> Procedure:
        """Rule, nudging and counts."""
        return Procedure(
            rule_named(self.rule),
            self.beta,
            self.free_steps,
            self.nudged_steps,
            centred=self.centred,
            damping=self.damping,
        )

    @property
    def layers(self) -> str:
        """Layer sizes as the paper writes them, ``784-512-10``."""
        return "-".join(map(str, self.sizes))

    def initial(self, seed: int, dtype: torch.dtype) -> dict[str, torch.Tensor]:
        """Draw the initial parameters of a seed, on the CPU."""
        generator = torch.Generator().manual_seed(seed)
        return answering(self.network).initial_parameters(
            self.sizes, generator=generator, dtype=dtype, backward_angle=self.angle
        )

    def rates(self, parameters: dict[str, torch.Tensor]) -> dict[str, float]:
        """Learning rate of every parameter."""
        return learning_rates(
            self.network, parameters, self.learning_rates, train_input_bias=self.train_input_bias
        )

    def changed(self, **fields: Any) -> Row:
        """Return the row with other values in these fields, checked again."""
        return dataclasses.replace(self, **fields)

    def as_json(self) -> dict[str, Any]:
        """Return every field as a JSON value."""
        return {
            field: list(value) if isinstance(value, tuple) else value
            for field, value in dataclasses.asdict(self).items()
        }


def row_names() -> list[str]:
    """Names of the rows that come with the project."""
    return sorted(path.stem for path in ROWS.glob("*.toml"))


def row_named(name: str) -> Row:
    """Return the row called ``name``, or the one that a TOML file of the user's describes.

    Raises:
        SpecError: there is no such row or file, or it is not valid.

    """
    if name in row_names():
        return read_row(ROWS / f"{name}.toml")
    if name.endswith(".toml"):
        return read_row(Path(name))
    raise SpecError(
        f"row: expected one of {', '.join(row_names())}, or a .toml file, found {name!r}"
    )


def read_row(path: Path) -> Row:
    """Read a row from a TOML file.

    Raises:
        SpecError: the file is missing or not TOML, or a field is unknown, missing, of the wrong
            type or out of range.

    """
    values = read_toml(path)
    fields = {field.name: field for field in dataclasses.fields(Row)}
    for field, value in values.items():
        if field not in fields:
            raise SpecError(f"{path}: {field}: expected one of {', '.join(fields)}")
        values[field] = typed(path, field, value, str(fields[field].type))
    for name, declared in fields.items():
        if declared.default is dataclasses.MISSING and name not in values:
            raise SpecError(f"{path}: {name}: expected a value, found none")
    try:
        return Row(**values)
    except ValueError as error:
        raise SpecError(f"{path}: {error}") from None


def read_toml(path: Path) -> dict[str, Any]:
    """Read a TOML file.

    Raises:
        SpecError: it is missing or not TOML.

    """
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise SpecError(f"{path}: cannot be read: {error.strerror}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SpecError(f"{path}: expected TOML, found: {error}") from None


_KINDS: dict[str, tuple[type, ...]] = {
    "int": (int,),
    "float": (int, float),
    "bool": (bool,),
    "str": (str,),
}


def typed(path: Path, field: str, value: Any, annotation: str) -> Any:
    """Return a field's value in its declared type; ``annotation`` is the type as a class spells it.

    Raises:
        SpecError: the value is of another type.

    """
    kind = annotation.removesuffix(" | None")
    if kind.startswith("tuple["):
        item = kind.removeprefix("tuple[").split(",")[0]
        if not isinstance(value, list):
            raise SpecError(f"{path}: {field}: expected a list of {item}, found {value!r}")
        return tuple(typed(path, field, element, item) for element in value)
    kind = kind if kind in _KINDS else "str"
    right = isinstance(value, _KINDS[kind]) and isinstance(value, bool) == (kind == "bool")
    if not right:
        raise SpecError(f"{path}: {field}: expected a value of type {kind}, found {value!r}")
    return float(value) if kind == "float" else value


def _require(holds: bool, field: str, value: object, expected: str) -> None:  # noqa: FBT001 - a condition
    if not holds:
        raise SpecError(f"{field}: expected {expected}, found {value}")


def _one_of(field: str, value: str, choices: tuple[str, ...]) -> None:
    _require(value in choices, field, repr(value), f"one of {', '.join(choices)}")
