"""The theorem along a training: whether its hypotheses hold at the weights that a run has.

Measured at the checkpoints that a run keeps, in float64, on the first embedded training digits: a
mini-batch as the run itself learns from, the same for every run and epoch.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import torch

from cep_core.arrays import Parameters
from cep_core.check.bptt import nabla, total_gradient
from cep_core.check.measures import angle_of_totals, relmse_by_name
from cep_core.check.processes import Processes
from cep_core.data.mnist import load
from cep_core.networks import answering
from cep_core.phases import change_by_sample, free_phase
from cep_core.problem import Problem
from cep_core.runs.digits import at_the_end_of_free, margins_of, updates_of
from cep_core.runs.directory import RunDirectory
from cep_core.runs.files import RunError
from cep_core.runs.record import is_kept
from cep_core.runs.row import Row
from cep_core.training.checkpoints import path_of, read
from cep_core.training.engine import parameters_in
from cep_core.training.epochs import as_input

MANY = 2000
"""Embedded training digits, the first, of which those that do not settle are counted."""

MOVES = 0.01
"""Change in one transition above which a unit counts as moving."""

RETURNS = 0.1
"""Share of that change within which two transitions come back to where they began."""


@dataclass(frozen=True)
class Signed:
    """What is measured for one sign of ``beta``.

    Attributes:
        margin: largest stable ``kappa`` over the one that the run uses; see
            :class:`cep_core.check.margin.Margins`.
        angle: degrees between the total update and minus BPTT's gradient over the last ``K``
            transitions.
        angle_whole: the same, BPTT's gradient through the whole free phase.
        relmse: mean over the parameter tensors of RelMSE between updates and gradients.

    """

    margin: float | None
    angle: float
    angle_whole: float
    relmse: float


@dataclass(frozen=True)
class Measured:
    """What is measured at one checkpoint.

    Attributes:
        epoch: of the checkpoint.
        residual: largest change of a unit in the free phase's last transition, after ``T``.
        moving: share of :data:`MANY` digits with a unit that still changes by :data:`MOVES` then.
        cycling: share of them that return to where they were after two transitions: of these, an
            odd number ``K`` of nudged steps makes an update of order ``1/beta``, whatever the loss.
        radius: spectral radius of ``J`` at the steady state; None where there is none.
        why: why no bound is given, where none is.
        positive, negative: for either sign of ``beta``.

    """

    epoch: int
    residual: float
    moving: float
    cycling: float
    radius: float | None
    why: str
    positive: Signed
    negative: Signed

    def as_json(self) -> dict[str, Any]:
        """Return every field as a JSON value; infinity as text."""

        def value(found: Any) -> Any:
            if isinstance(found, dict):
                return {key: value(inner) for key, inner in found.items()}
            return str(found) if isinstance(found, float) and not math.isfinite(found) else found

        found: dict[str, Any] = value(asdict(self))
        return found


def checkpoints_of(place: RunDirectory) -> list[int]:
    """Epochs of the checkpoints that a run keeps for good.

    Raises:
        RunError: there is none.

    """
    names = [path.stem for path in place.folder.glob("checkpoint-*.safetensors")]
    epochs = sorted(epoch for name in names if is_kept(epoch := int(name.split("-")[1])))
    if not epochs:
        raise RunError(f"{place.folder}: expected checkpoints of a run, found none")
    return epochs


def measured_at(row: Row, place: RunDirectory, epoch: int) -> Measured:
    """Measure at a checkpoint.

    Raises:
        CheckpointError: it is missing or cannot be trusted.

    """
    checkpoint = read(path_of(place.folder, epoch), run=place.run)
    return measured(row, parameters_in(checkpoint.parameters), epoch)


def measured(row: Row, parameters: Mapping[str, torch.Tensor], epoch: int) -> Measured:
    """Measure at the parameters of one checkpoint."""
    problem, residual = at_the_end_of_free(row, parameters)
    recent = nabla(problem, steps=row.nudged_steps)
    whole = whole_gradient(row, problem)
    stable = margins_of(row, problem)
    signs = []
    for sign, margin in zip((1, -1), (stable.positive, stable.negative), strict=True):
        updates = updates_of(row, problem, sign)
        errors = relmse_by_name(updates, recent)
        signs.append(
            Signed(
                margin,
                angle_of_totals(updates, recent),
                angle_of_totals(updates, whole),
                sum(errors[name] for name in problem.parameters) / len(problem.parameters),
            )
        )
    moving, cycling = _unsettled(row, problem.parameters)
    return Measured(epoch, residual, moving, cycling, stable.radius, stable.why, *signs)


def _unsettled(row: Row, theta: Parameters) -> tuple[float, float]:
    """Shares of the digits that move after ``T`` transitions, and that go round in two."""
    x = as_input(load("mnist5k").train_images[:MANY], torch.float64)
    last = free_phase(row.network, x, theta, steps=row.free_steps).state
    after = row.network.transition(x, last, theta)
    again = row.network.transition(x, after, theta)
    once, twice = change_by_sample(last, after), change_by_sample(last, again)
    moves = once > MOVES
    return float(moves.double().mean()), float((moves & (twice < RETURNS * once)).double().mean())


def angle_before(row: Row, seed: int) -> float:
    """Degrees between the total update and minus BPTT's total gradient, at the initial weights.

    ``beta`` is positive and BPTT goes through the whole free phase, as in the paper's Fig. 5 (a).
    """
    problem, _ = at_the_end_of_free(row, row.initial(seed, torch.float64))
    return angle_of_totals(updates_of(row, problem, 1), whole_gradient(row, problem))


def margin_before(row: Row, seed: int) -> float | None:
    """Largest stable ``kappa`` over the one that a row uses, at its initial weights, ``beta`` > 0.

    As :attr:`cep_core.check.margin.Margins.positive`.
    """
    problem, _ = at_the_end_of_free(row, row.initial(seed, torch.float64))
    return margins_of(row, problem).positive


def whole_gradient(row: Row, problem: Problem) -> Processes:
    """BPTT's total gradient through the whole free phase, as a process of one step."""
    start = answering(row.network).zero_state(problem.x, problem.parameters)
    total = total_gradient(problem, steps=row.free_steps, start=start)
    return Processes((), {name: value.unsqueeze(0) for name, value in total.items()})
