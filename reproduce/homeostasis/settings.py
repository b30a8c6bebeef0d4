"""What an experiment with a directed network trains, read from TOML and checked."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, get_args

import torch

from cep_core.activations import ACTIVATIONS, activation_named
from cep_core.data.mnist import CLASSES, SIDE
from cep_core.documents import read_toml
from cep_core.estimators import (
    BackpropagationThroughTime,
    DerivativeAtZero,
    Estimator,
    NeumannSeries,
    OneSided,
    PointsOnCircle,
    TurningNudge,
)
from cep_core.fields import (
    Fields,
    Kind,
    choice,
    flag,
    number,
    optional,
    plain_name,
    positive,
    rate,
    sequence,
    shown,
    text,
    whole,
)
from cep_core.homeostasis import JacobianOf
from cep_core.networks.directed import Directed, loop, reciprocal
from cep_core.read_out import SoftmaxReadOut
from cep_core.runs.row import SpecError
from cep_core.training.homeostatic import (
    PENALTIES,
    HomeostaticLearner,
    OptimiserOf,
    Penalty,
    PenaltyKind,
    adamw,
    sgd,
)

EXPERIMENTS = Path(__file__).parent.parent / "experiments" / "homeostasis"

CHECKS = ("orders", "alignment", "decay", "control")
"""What the stage of the main job is judged by."""

EstimatorKind = Literal["derivative", "one-sided", "points", "online", "BPTT", "adjoint"]
MOST_STEPS = 10**6
MOST_UNITS = 10**4


@dataclass(frozen=True)
class Settings:
    """What one run of an experiment trains; the defaults are the paper's for its dense networks.

    Attributes:
        network: ``"reciprocal"``, or ``"loop"`` with no pair connected both ways.
        hidden: sizes of the hidden layers, input first.
        output: size of the output layer.
        read_out: cross-entropy of a trained read-out; else the squared error of the output.
        activation: of every layer.
        angle: of the initial backward weights in degrees; null for independent blocks.
        estimator: of the error signals; ``"derivative"`` is N = 0, ``"adjoint"`` the Neumann series
            over ``nudged_steps`` terms.
        corrected: AsymEP's form of it.
        beta: nudging strength, where the estimator nudges.
        points: ``N``, on the circle or while turning.
        free_steps: ``T1``.
        nudged_steps: ``T2``.
        damping: of every step of both phases.
        penalty: see :class:`cep_core.training.homeostatic.Penalty`.
        coefficient: factor on the penalty.
        draws: per sample.
        jacobian: of which form of the Jacobian.
        optimiser: ``"SGD"`` or ``"AdamW"``.
        rate: learning rate.
        momentum: of SGD.
        weight_decay: of the optimiser.
        batch: size of a mini-batch.
        epochs: how many.

    Raises:
        SpecError: at construction, naming the field.

    """

    network: Literal["reciprocal", "loop"] = "reciprocal"
    hidden: tuple[int, ...] = (256, 256)
    output: int = CLASSES
    read_out: bool = True
    activation: str = "sigmoid"
    angle: float | None = None
    estimator: EstimatorKind = "derivative"
    corrected: bool = False
    beta: float = 0.5
    points: int = 4
    free_steps: int = 150
    nudged_steps: int = 20
    damping: float = 0.0
    penalty: PenaltyKind = "none"
    coefficient: float = 0.0
    draws: int = 5
    jacobian: JacobianOf = "published"
    optimiser: Literal["SGD", "AdamW"] = "SGD"
    rate: float = 0.01
    momentum: float = 0.9
    weight_decay: float = 0.0
    batch: int = 50
    epochs: int = 50

    def __post_init__(self) -> None:
        """Refuse what is out of range or contradicts itself."""
        for name, kind in kinds().items():
            value = getattr(self, name)
            _require(kind.admits(value), name, value, kind.expected)
        corrigible = self.estimator in {"derivative", "one-sided", "points"}
        _require(
            corrigible or not self.corrected, "corrected", True, f"false with {self.estimator}"
        )
        _require(
            self.read_out or self.output == CLASSES,
            "output",
            self.output,
            f"{CLASSES} without a read-out",
        )
        _require(
            (self.penalty == "none") == (self.coefficient == 0),
            "coefficient",
            self.coefficient,
            "0 without a penalty, positive with one",
        )

    @property
    def sizes(self) -> tuple[int, ...]:
        """Layer sizes, input first."""
        return (SIDE * SIDE, *self.hidden, self.output)

    def make_network(self) -> Directed:
        """The dynamics."""
        layers = len(self.hidden) + 1
        edges = loop(layers) if self.network == "loop" else reciprocal(layers)
        return Directed((activation_named(self.activation),) * layers, edges=edges)

    def make_estimator(self) -> Estimator:
        """What estimates the error signals."""
        steps = self.nudged_steps
        made: dict[str, Estimator] = {
            "derivative": DerivativeAtZero(steps, self.corrected),
            "one-sided": OneSided(self.beta, steps, self.corrected),
            "points": PointsOnCircle(self.beta, self.points, steps, self.corrected),
            "online": TurningNudge(self.beta, self.points, steps, turns=4),
            "BPTT": BackpropagationThroughTime(steps),
            "adjoint": NeumannSeries(steps),
        }
        return made[self.estimator]

    def make_optimiser(self) -> OptimiserOf:
        """What takes the steps."""
        if self.optimiser == "AdamW":
            return adamw(self.rate, self.weight_decay)
        return sgd(self.rate, self.momentum, self.weight_decay)

    def initial(self, seed: int, dtype: torch.dtype) -> dict[str, torch.Tensor]:
        """Draw the initial parameters of a seed, the read-out's last."""
        generator = torch.Generator().manual_seed(seed)
        drawn = self.make_network().initial_parameters(
            self.sizes, generator=generator, backward_angle=self.angle
        )
        if self.read_out:
            drawn |= SoftmaxReadOut.initial(self.sizes, CLASSES, generator=generator)
        return {name: value.to(dtype) for name, value in drawn.items()}

    def make_learner(
        self, parameters: Mapping[str, torch.Tensor], seed: int = 0
    ) -> HomeostaticLearner:
        """What learns, at these parameters; the seed is that of the penalty's draws."""
        return HomeostaticLearner(
            self.make_network(),
            damping=self.damping,
            estimator=self.make_estimator(),
            free_steps=self.free_steps,
            penalty=Penalty(self.penalty, self.coefficient, self.draws, self.jacobian),
            optimiser=self.make_optimiser(),
            parameters=parameters,
            seed=seed,
        )

    def as_json(self) -> dict[str, Any]:
        """Every field as a JSON value."""
        return {
            field: list(value) if isinstance(value, tuple) else value
            for field, value in dataclasses.asdict(self).items()
        }


def kinds() -> dict[str, Kind[Any]]:
    """What each field may hold."""
    steps = whole(1, MOST_STEPS)
    return {
        "network": choice("reciprocal", "loop"),
        "hidden": sequence(whole(1, MOST_UNITS)),
        "output": whole(1, MOST_UNITS),
        "read_out": flag(),
        "activation": choice(*ACTIVATIONS),
        "angle": optional(number(0, 90)),
        "estimator": choice(*get_args(EstimatorKind)),
        "corrected": flag(),
        "beta": positive(),
        "points": whole(2, 1000),
        "free_steps": steps,
        "nudged_steps": steps,
        "damping": number(0, 0.99),
        "penalty": choice(*PENALTIES),
        "coefficient": rate(),
        "draws": whole(1, 1000),
        "jacobian": choice(*get_args(JacobianOf)),
        "optimiser": choice("SGD", "AdamW"),
        "rate": positive(),
        "momentum": number(0, 0.999),
        "weight_decay": rate(),
        "batch": whole(1, MOST_UNITS),
        "epochs": steps,
    }


def _require(holds: bool, field: str, value: object, expected: str) -> None:  # noqa: FBT001 - a condition
    if not holds:
        raise SpecError(f"{field}: expected {expected}, found {shown(value)}")


@dataclass(frozen=True)
class Experiment:
    """Runs that belong together.

    Attributes:
        name: of the file.
        title: what a reader is told.
        seeds: of every run.
        runs: by name, in the file's order.
        titles: what a reader is told of each, by name.

    """

    name: str
    title: str
    seeds: tuple[int, ...]
    runs: dict[str, Settings]
    titles: dict[str, str]


def read_experiment(path: Path) -> Experiment:
    """Read an experiment: ``title``, ``seeds``, what is common, and a table ``runs`` by name.

    Raises:
        SpecError: the file is missing or not TOML, or a field is unknown, missing, of the wrong
            type or out of range, or a run contradicts itself.

    """
    fields = read_toml(path, SpecError)
    title, seeds = fields.get("title", text()), fields.get("seeds", sequence(whole(0, 2**62)))
    common = _changes(fields.table("settings", {}))
    runs: dict[str, Settings] = {}
    titles: dict[str, str] = {}
    for name, table in fields.named("runs").items():
        if not plain_name().admits(name):
            raise fields.fault("runs", plain_name().expected, shown(name))
        titles[name] = table.get("title", text(), name)
        try:
            runs[name] = Settings(**common | _changes(table))
        except SpecError as error:
            raise SpecError(f"{path}: runs.{name}: {error}") from None
    fields.done()
    if not runs:
        raise fields.fault("runs", "one run at least", "none")
    return Experiment(path.stem, title, seeds, runs, titles)


def _changes(fields: Fields) -> dict[str, Any]:
    known = kinds()
    found = {name: fields.get(name, known[name]) for name in fields.values if name in known}
    fields.done(known)
    return found


def experiment_names() -> list[str]:
    """Names of the experiments that come with the project."""
    return sorted(path.stem for path in EXPERIMENTS.glob("*.toml"))


def experiment_named(name: str) -> Experiment:
    """The experiment of that name, or the one that a TOML file of the user's describes.

    Raises:
        SpecError: there is none, or it is not valid.

    """
    if name in experiment_names():
        return read_experiment(EXPERIMENTS / f"{name}.toml")
    if name.endswith(".toml"):
        return read_experiment(Path(name))
    known = ", ".join(experiment_names())
    raise SpecError(f"experiment: expected one of {known}, or a .toml file, found {name!r}")
