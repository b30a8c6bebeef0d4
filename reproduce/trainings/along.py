"""The theorem along a training: whether its hypotheses hold at the weights that a run has.

Measured at the checkpoints that a run keeps, in float64, on the first embedded training digits: a
mini-batch as the run itself learns from, the same for every run and epoch.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

import torch

from cep_core.arrays import Parameters
from cep_core.check.bptt import nabla, total_gradient
from cep_core.check.delta import delta
from cep_core.check.measures import angle_of_totals, relmse_by_name
from cep_core.check.processes import Processes
from cep_core.check.stability import SETTLED, largest_stable_kappa
from cep_core.data.mnist import CLASSES, load
from cep_core.learning import one_hot
from cep_core.networks import answering
from cep_core.phases import change_by_sample, free_phase, kappa_of
from cep_core.problem import Problem
from cep_core.runs.directory import RunDirectory
from cep_core.runs.files import RunError
from cep_core.runs.record import is_kept
from cep_core.runs.row import Row
from cep_core.training.checkpoints import path_of, read
from cep_core.training.engine import parameters_in
from cep_core.training.epochs import as_input

LONGEST = 20_000
"""Transitions after which a free phase that still moves counts as one that does not settle."""

MANY = 2000
"""Embedded training digits, the first, of which those that do not settle are counted."""

MOVES = 0.01
"""Change in one transition above which a unit counts as moving."""

RETURNS = 0.1
"""Share of that change within which two transitions come back to where they began."""

HIGHEST = 1e3
"""Multiples of the learning rates above which no bound is looked for."""


@dataclass(frozen=True)
class Signed:
    """What is measured for one sign of ``beta``.

    Attributes:
        margin: largest stable ``kappa`` over the one that the run uses; infinite if there is none
            below :data:`HIGHEST`, None where it is not defined (EP; no steady state).
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


def digits(batch: int) -> tuple[torch.Tensor, torch.Tensor]:
    """``x``, ``(batch, 784)``, and ``y``, ``(batch, 10)``, on which everything is measured."""
    data = load("mnist5k")
    x = as_input(data.train_images[:batch], torch.float64)
    return x, one_hot(data.train_labels[:batch], CLASSES, torch.float64)


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
    margins, radius, why = _margins(row, problem)
    signs = []
    for sign, margin in zip((1, -1), margins, strict=True):
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
    return Measured(epoch, residual, *_unsettled(row, problem.parameters), radius, why, *signs)


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

    None where it is not defined; infinite where there is none below :data:`HIGHEST`.
    """
    problem, _ = at_the_end_of_free(row, row.initial(seed, torch.float64))
    return _margins(row, problem)[0][0]


def at_the_end_of_free(row: Row, parameters: Mapping[str, torch.Tensor]) -> tuple[Problem, float]:
    """The problem at ``s_T``, and the residual there."""
    x, y = digits(row.batch)
    theta = {name: value.double() for name, value in parameters.items()}
    free = free_phase(row.network, x, theta, steps=row.free_steps)
    return Problem(row.network, x, y, theta, steady=free.state), free.residual


def updates_of(row: Row, problem: Problem, sign: int) -> Processes:
    """The updates as the run makes them, for one sign of ``beta``."""
    beta = sign * row.beta
    used = kappa_of(row.network, row.rates(problem.parameters), beta)
    during = {name: kappa * row.damping for name, kappa in used.items()}
    rule = row.procedure.rule
    return delta(problem, rule, beta=beta, kappa=during, steps=row.nudged_steps)


def whole_gradient(row: Row, problem: Problem) -> Processes:
    """BPTT's total gradient through the whole free phase, as a process of one step."""
    start = answering(row.network).zero_state(problem.x, problem.parameters)
    total = total_gradient(problem, steps=row.free_steps, start=start)
    return Processes((), {name: value.unsqueeze(0) for name, value in total.items()})


def _margins(
    row: Row, problem: Problem
) -> tuple[tuple[float | None, float | None], float | None, str]:
    """Margin for either sign of ``beta``, radius of ``J``, and why there is none."""
    from scipy.sparse.linalg import ArpackError  # noqa: PLC0415 - as in comparison

    network, rule, x, theta = row.network, row.procedure.rule, problem.x, problem.parameters
    rest = free_phase(
        network, x, theta, steps=LONGEST, tolerance=SETTLED / 10, start=problem.steady
    )
    if not rest.converged:
        told = f"the free phase still moves by {rest.residual:.1e} after {rest.steps} transitions"
        return (None, None), None, told
    found: list[float | None] = []
    radius = None
    for sign in (1, -1):
        used = kappa_of(network, row.rates(theta), sign * row.beta)
        ratios = {name: float(k) * row.damping for name, k in used.items()}
        try:
            bound = largest_stable_kappa(
                network,
                x,
                theta,
                rest.state,
                ratios=ratios if rule.continual else dict.fromkeys(theta, 0.0),
                rule=rule if rule.continual else replace(rule, continual=True),
                highest=HIGHEST if rule.continual else 0.0,
                tolerance=1e-3,
            )
        except (ValueError, ArpackError) as error:
            return (None, None), None, str(error)
        radius = bound.radius_free
        found.append(bound.kappa if rule.continual else None)
    told = "" if rule.continual else f"{rule.name} changes no parameter while it is nudged"
    return (found[0], found[1]), radius, told
