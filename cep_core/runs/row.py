"""The rows of the paper's table, read from TOML and checked."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any, get_args

import torch

from cep_core.activations import ACTIVATIONS, activation_named
from cep_core.documents import read_toml
from cep_core.fields import (
    FieldError,
    Kind,
    choice,
    flag,
    number,
    plain_name,
    positive,
    rate,
    sequence,
    shown,
    text,
    whole,
)
from cep_core.learning import Procedure
from cep_core.networks import (
    SETTINGS,
    ConvolutionalShape,
    DriftSlope,
    Network,
    Nudge,
    answering,
    network_named,
)
from cep_core.networks.convolutional import Winners
from cep_core.networks.pooling import POOLINGS
from cep_core.rules import BPTT, RULES, Rule, learning_rates

ROWS = Path(__file__).parent / "table"


MOST_STEPS = 10**6
MOST_UNITS = 10**6
MOST_WEIGHTS = 2**28
"""A gigabyte in float32; training holds a few copies."""


LEARNED_BY: dict[str, Rule] = RULES | {BPTT.name: BPTT}
"""What a row can train with: the rules, and backpropagation beside them."""


class SpecError(FieldError):
    """A specification that cannot be run; the text names file, field, value, what was expected."""


def kinds() -> dict[str, Kind[Any]]:
    """What each field of a row may hold, where it is given."""
    steps = whole(1, MOST_STEPS)
    return {
        "name": plain_name(),
        "title": text(),
        "rule": choice(*LEARNED_BY),
        "sizes": sequence(whole(1, MOST_UNITS), 2),
        "learning_rates": sequence(rate()),
        "beta": positive(),
        "free_steps": steps,
        "nudged_steps": steps,
        "epochs": steps,
        "setting": choice(*SETTINGS),
        "activation": choice(*ACTIVATIONS),
        "output_activation": choice(*ACTIVATIONS),
        "nudge": choice(*get_args(Nudge)),
        "angle": number(0, 180),
        "positive_probability": number(0, 1),
        "train_input_bias": flag(),
        "centred": flag(),
        "damping": positive(1),
        "batch": whole(1, MOST_UNITS),
        "dt": positive(1),
        "drift_slope": choice(*get_args(DriftSlope)),
        "clamp": flag(),
        "samples": whole(1, MOST_UNITS),
        "channels": sequence(whole(1, MOST_UNITS)),
        "kernel": whole(1, MOST_UNITS),
        "padding": whole(0, MOST_UNITS),
        "pooling": choice(*POOLINGS),
        "winners": choice(*get_args(Winners)),
    }


@dataclass(frozen=True)
class Row:
    """What one row of the table trains. The settings are the authors' own command lines.

    Attributes:
        name: short name, e.g. ``"C-EP-1h"``.
        title: one line for a reader.
        rule: one of :data:`LEARNED_BY`.
        sizes: layer sizes, input first; of a convolutional network those of the image and of the
            dense layers.
        learning_rates: one per layer, output layer first.
        beta: nudging strength.
        free_steps: ``T``.
        nudged_steps: ``K``.
        epochs: how many the paper trains.
        setting: ``"prototypical"`` or ``"energy-based"``.
        activation: of every layer.
        output_activation: of the output layer, if another.
        nudge: ``"outside"`` the activation, as published, or ``"inside"``; prototypical only.
        angle: initial angle in degrees of the backward weights; vector-field rules only.
        positive_probability: probability of a positive ``beta``, drawn for every mini-batch.
        train_input_bias: whether the bias of the layer next to the input learns.
        centred: use the estimator of second order in ``beta``; EP only.
        damping: see :class:`cep_core.learning.Procedure`; 1e-5 is Appendix F.2.
        batch: size of a mini-batch.
        dt: length of an Euler step; energy-based only.
        drift_slope: see :class:`cep_core.networks.EnergyBased`.
        clamp: likewise.
        samples: how many of the training images, the first; all unless given.
        channels: of the convolutional layers between the image and the dense layers, from the image
            inwards; none unless given.
        kernel: side of every kernel; convolutional only, and so are the following.
        padding: zeros around every layer that is convolved.
        pooling: of 2 by 2 windows, after every convolution.
        winners: with which kernels learn; ``"one step old"`` as published in 2019.

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
    samples: int | None = None
    channels: tuple[int, ...] | None = None
    kernel: int = 5
    padding: int = 0
    pooling: str = "max"
    winners: Winners = "current"

    def __post_init__(self) -> None:
        """Refuse what is out of range or contradicts itself."""
        for name, kind in kinds().items():
            value = getattr(self, name)
            if value is not None or name not in _OPTIONAL:
                _require(kind.admits(value), name, value, kind.expected)
        sizes, rates = self.sizes, self.learning_rates
        weights, units = sum(a * b for a, b in pairwise(sizes)), sum(sizes)
        if self.channels is not None:
            _require(self.setting == "prototypical", "setting", self.setting, "prototypical")
            found = self.output_activation
            _require(found is None, "output_activation", found, "none with channels")
            sizes, units = self.maps.sizes, self.maps.patches
            weights = sum(math.prod(shape) for shape in self.maps.parameters.values())
        _require(weights <= MOST_WEIGHTS, "sizes", sizes, f"at most {MOST_WEIGHTS} weights in all")
        states = self.batch * units
        _require(
            states <= MOST_WEIGHTS, "batch", self.batch, f"at most {MOST_WEIGHTS} neurons in all"
        )
        _require(
            len(rates) == len(sizes) - 1,
            "learning_rates",
            rates,
            f"{len(sizes) - 1} of them, one per layer",
        )
        if LEARNED_BY[self.rule].vector_field:
            expected = f"degrees from 0 to 180 for rule {self.rule}"
            _require(self.angle is not None, "angle", None, expected)
        else:
            _require(self.angle is None, "angle", self.angle, "none: only C-VF has one")
        if self.setting == "prototypical":
            _require(self.dt is None, "dt", self.dt, "none in the prototypical setting")
            _require(not self.clamp, "clamp", self.clamp, "false in the prototypical setting")
        else:
            _require(self.dt is not None, "dt", None, "a step, in the energy-based setting")
            _require(self.nudge == "outside", "nudge", self.nudge, "outside when energy-based")
        _ = self.network, self.procedure  # their own checks name the field too

    @property
    def network(self) -> Network:
        """The dynamics."""
        hidden = activation_named(self.activation)
        if self.channels is not None:
            untied = self.angle is not None
            return self.maps.network(hidden, nudge=self.nudge, winners=self.winners, untied=untied)
        output = activation_named(self.output_activation or self.activation)
        activations = (output, *[hidden] * (len(self.sizes) - 2))
        return network_named(
            self.setting,
            activations,
            nudge=self.nudge,
            dt=self.dt,
            drift_slope=self.drift_slope,
            clamp=self.clamp,
        )

    @property
    def maps(self) -> ConvolutionalShape:
        """Layers of a convolutional row.

        Raises:
            SpecError: there is no room for a layer, or the image is no square.

        """
        side = math.isqrt(self.sizes[0])
        _require(side * side == self.sizes[0], "sizes", self.sizes, "a square image first")
        try:
            return ConvolutionalShape(
                self.channels or (),
                self.sizes[1:],
                (1, side, side),
                kernel=self.kernel,
                padding=self.padding,
                pooling=POOLINGS[self.pooling],
            )
        except ValueError as error:
            raise SpecError(str(error)) from None

    @property
    def procedure(self) -> Procedure:
        """Rule, nudging and counts."""
        return Procedure(
            LEARNED_BY[self.rule],
            self.beta,
            self.free_steps,
            self.nudged_steps,
            centred=self.centred,
            damping=self.damping,
        )

    @property
    def layers(self) -> str:
        """Layer sizes as the paper writes them, ``784-512-10``; ``784-32c5-64c5-10`` with maps."""
        maps = [f"{channels}c{self.kernel}" for channels in self.channels or ()]
        return "-".join([str(self.sizes[0]), *maps, *map(str, self.sizes[1:])])

    def initial(self, seed: int, dtype: torch.dtype) -> dict[str, torch.Tensor]:
        """Draw the initial parameters of a seed, on the CPU."""
        generator = torch.Generator().manual_seed(seed)
        if self.channels is not None:
            drawn = self.maps.initial(generator, angle=self.angle)
            return {name: value.to(dtype) for name, value in drawn.items()}
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
        f"row: expected one of {', '.join(row_names())}, or a .toml file, found {shown(name)}"
    )


def row_of_identity(name: str, spec: Mapping[str, Any]) -> Row:
    """Return the row that a run was trained as.

    Args:
        name: of a row that comes with the project; its title and length are taken.
        spec: fields of the run's identity, those with a row's defaults left out or not.

    Raises:
        SpecError: there is no such row, or a field of the identity cannot be.

    """
    published = row_named(name)
    fields = {field.name: field.default for field in dataclasses.fields(Row)}
    values = {
        field: spec.get(field, default)
        for field, default in fields.items()
        if field not in ("name", "title", "epochs")
    }
    missing = [f for f, value in values.items() if value is dataclasses.MISSING]
    if missing:
        raise SpecError(f"identity: {missing[0]}: expected a value, found none")
    values = {f: tuple(v) if isinstance(v, list) else v for f, v in values.items()}
    return published.changed(**values)


def read_row(path: Path) -> Row:
    """Read a row from a TOML file.

    Raises:
        SpecError: the file is missing or not TOML, or a field is unknown, missing, of the wrong
            type or out of range.

    """
    fields = read_toml(path, SpecError)
    known = kinds()
    values = {
        field.name: fields.get(field.name, known[field.name])
        for field in dataclasses.fields(Row)
        if field.default is dataclasses.MISSING or field.name in fields.values
    }
    fields.done(known)
    try:
        return Row(**values)
    except ValueError as error:
        raise SpecError(f"{path}: {error}") from None


_OPTIONAL = {field.name for field in dataclasses.fields(Row) if field.default is None}


def _require(holds: bool, field: str, value: object, expected: str) -> None:  # noqa: FBT001 - a condition
    if not holds:
        raise SpecError(f"{field}: expected {expected}, found {shown(value)}")
