"""How much of each imperfection the GDU property and training tolerate, measured."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from statistics import fmean
from typing import Any

import torch

from cep_core.check.bptt import nabla
from cep_core.check.delta import delta
from cep_core.check.measures import angle_of_totals, relmse
from cep_core.check.processes import Processes
from cep_core.data.mnist import CLASSES, Dataset
from cep_core.device.imperfect import Imperfection, on_device
from cep_core.fields import shown
from cep_core.learning import learn_batch, one_hot
from cep_core.phases import free_phase, kappa_of
from cep_core.problem import Problem
from cep_core.runs.row import Row, SpecError
from cep_core.runs.short import short_training
from cep_core.training.epochs import as_input

LEVELS: dict[str, tuple[float, ...]] = {
    "mismatch": (0.03, 0.1, 0.3, 1.0),
    "asymmetry": (0.03, 0.1, 0.3, 1.0),
    "weight_bits": (8, 6, 4, 3, 2),
    "update_bits": (20, 16, 12, 8),
    "noise": (1e-5, 1e-4, 1e-3, 1e-2, 1e-1),
}
"""Levels of every imperfection that are measured unless others are asked for, mildest first."""

WORDS = {
    "mismatch": "device mismatch (relative spread of gains and update sizes)",
    "asymmetry": "asymmetry (relative spread of the weights seen backwards)",
    "weight_bits": "bits of the weights",
    "update_bits": "bits of the weight that updates are whole levels of",
    "noise": "noise on every unit in every transition (standard deviation)",
}

BETA = 0.01
"""Nudging strength at which updates are held against BPTT: what the ideal leaves there is small."""

STILL = 1e-5
"""Factor on the rates during that phase: its weights hardly move, as the theorem has it."""

CHANCE = 50.0
"""Training error of the ideal, in percent, from which on there is nothing to compare."""


@dataclass(frozen=True)
class Measured:
    """What is measured at one level of one imperfection, each a mean over the seeds.

    Attributes:
        imperfection: a field of :class:`Imperfection`; none for the ideal device.
        level: its value there.
        gdu_error: RelMSE between the updates of every nudged step and minus the ideal network's
            gradients by BPTT, mean over the parameter tensors, in the theorem's regime
            (:func:`gdu_error`).
        angle: degrees between the update of a mini-batch and minus its gradient, likewise.
        train_error: percent misclassified while learning the last epoch; NaN if a training
            diverged.
        test_error: percent after it; likewise.

    """

    imperfection: str | None
    level: float | None
    gdu_error: float
    angle: float
    train_error: float
    test_error: float

    def as_json(self) -> dict[str, Any]:
        """Return every field as a JSON value; None for what is no number."""
        return {
            name: None if isinstance(v, float) and not math.isfinite(v) else v
            for name, v in asdict(self).items()
        }


def small(row: Row, hidden: int) -> Row:
    """The row with hidden layers of another size.

    Raises:
        SpecError: its layers are not dense, or the rule has no nudged phase.

    """
    if row.channels is not None:
        raise SpecError(f"channels: expected a row of dense layers, found {shown(row.channels)}")
    if row.rule == "BPTT":
        raise SpecError("rule: expected one with a nudged phase, found BPTT")
    return row.changed(sizes=(row.sizes[0], *[hidden] * (len(row.sizes) - 2), row.sizes[-1]))


def tolerance(
    row: Row,
    data: Dataset,
    levels: Sequence[tuple[str, float]],
    *,
    epochs: int,
    seeds: Sequence[int] = (0,),
    samples: int | None = None,
    beta: float = BETA,
    stochastic: bool = False,
    progress: Callable[[int], object] | None = None,
) -> Iterator[Measured]:
    """Measure the ideal device, then every level of every imperfection.

    Args:
        row: a chain of dense layers; its rates, ``beta``, ``T`` and ``K`` are used.
        data: what is learned and tested; the first mini-batch is held against BPTT.
        levels: pairs of an imperfection and a level.
        epochs: of every training.
        seeds: of weights, order, device and chance; one training each.
        samples: how many of the training samples are learned, the first; all if None.
        beta: nudging strength at which the updates are held against BPTT.
        stochastic: round updates by chance.
        progress: called with the number of training samples that have been learned.

    Yields:
        One :class:`Measured` per level, the ideal first.

    Raises:
        ValueError: an imperfection is not known, or a level is out of range.

    """
    cases: list[tuple[str | None, float | None]] = [(None, None), *levels]
    devices = [_device(name, value, stochastic=stochastic) for name, value in cases]
    for (name, value), device in zip(cases, devices, strict=True):
        found = [
            (
                *gdu_error(row, data, replace(device, seed=seed), beta),
                *_trained(row, data, replace(device, seed=seed), epochs, samples, progress),
            )
            for seed in seeds
        ]
        yield Measured(name, value, *(fmean(column) for column in zip(*found, strict=True)))


def _device(name: str | None, value: float | None, *, stochastic: bool) -> Imperfection:
    if name is None or value is None:
        return Imperfection(stochastic=stochastic)
    if name not in LEVELS:
        raise ValueError(f"imperfection: expected one of {', '.join(LEVELS)}, found {name!r}")
    is_whole = name.endswith("bits") and value == round(value)
    given: Any = round(value) if is_whole else value
    if name.endswith("bits") and not is_whole:
        raise ValueError(f"{name}: expected a whole number of bits, found {value}")
    return replace(Imperfection(stochastic=stochastic), **{name: given})


def gdu_error(
    row: Row, data: Dataset, imperfection: Imperfection, beta: float = BETA
) -> tuple[float, float]:
    """RelMSE of the updates of a device step by step, and angle of their total in degrees.

    Both against minus the gradients that BPTT finds in the ideal network, of a mini-batch at the
    initial weights. So that what the ideal device leaves is small, the phase is nudged inside the
    activation and its weights hardly move; updates are graded as coarsely as at the row's rates.
    """
    nudge = "inside" if row.setting == "prototypical" else row.nudge
    row = row.changed(beta=beta, nudge=nudge, damping=STILL)
    x = as_input(data.train_images[: row.batch], torch.float64)
    y = one_hot(data.train_labels[: row.batch], CLASSES, torch.float64)
    theta = row.initial(imperfection.seed, torch.float64)
    rates, steps = row.rates(theta), row.nudged_steps
    kappa = kappa_of(row.network, rates, beta)
    network, rule = on_device(row.network, row.procedure.rule, imperfection, kappa)
    ideal = free_phase(row.network, x, theta, steps=row.free_steps).state
    gradients = nabla(Problem(row.network, x, y, theta, steady=ideal), steps=steps)
    rest = free_phase(network, x, theta, steps=row.free_steps).state
    during = {name: k * STILL for name, k in kappa.items()}
    problem = Problem(network, x, y, theta, steady=rest)
    updates = delta(problem, rule, beta=beta, kappa=during, steps=steps)
    learning = [name for name, rate in rates.items() if rate]
    error = fmean(relmse(updates.parameters[n], gradients.parameters[n]) for n in learning)
    procedure = replace(row.procedure, rule=rule)
    learned = learn_batch(network, procedure, x, y, theta, rates).parameters
    total = {n: ((learned[n] - theta[n]) / rates[n]).unsqueeze(0) for n in learning}
    return error, angle_of_totals(Processes((), total), gradients)


def _trained(
    row: Row,
    data: Dataset,
    imperfection: Imperfection,
    epochs: int,
    samples: int | None,
    progress: Callable[[int], object] | None,
) -> tuple[float, float]:
    kappa = kappa_of(row.network, row.rates(row.initial(0, torch.float32)), row.beta)
    network, rule = on_device(row.network, row.procedure.rule, imperfection, kappa)
    errors = short_training(
        row,
        data,
        imperfection.seed,
        network=network,
        rule=rule,
        epochs=epochs,
        samples=samples,
        progress=progress,
    )
    return errors[-1]


def tolerated(found: Sequence[Measured], margin: float) -> Mapping[str, float | None]:
    """Of every imperfection the strongest level up to which training is as the ideal's.

    Args:
        found: as :func:`tolerance` yields them.
        margin: percentage points by which the training error may exceed the ideal's.

    Returns:
        By imperfection; None if already the mildest level costs more.

    """
    ideal = found[0].train_error
    last: dict[str, float | None] = {}
    broken: set[str] = set()
    for point in found[1:]:
        assert point.imperfection is not None
        last.setdefault(point.imperfection, None)
        if not point.train_error <= ideal + margin:
            broken.add(point.imperfection)
        elif point.imperfection not in broken:
            last[point.imperfection] = point.level
    return last
