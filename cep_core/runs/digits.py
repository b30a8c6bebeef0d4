"""A row's problem on the first embedded training digits, in float64, and its updates there."""

from __future__ import annotations

from collections.abc import Mapping

import torch

from cep_core.check.delta import delta
from cep_core.check.margin import Margins, margins
from cep_core.check.processes import Processes
from cep_core.data.mnist import CLASSES, load
from cep_core.learning import one_hot
from cep_core.phases import free_phase, kappa_of
from cep_core.problem import Problem
from cep_core.runs.row import Row
from cep_core.training.epochs import as_input


def digits(batch: int) -> tuple[torch.Tensor, torch.Tensor]:
    """``x``, ``(batch, 784)``, and ``y``, ``(batch, 10)``: the first, always the same."""
    data = load("mnist5k")
    x = as_input(data.train_images[:batch], torch.float64)
    return x, one_hot(data.train_labels[:batch], CLASSES, torch.float64)


def at_the_end_of_free(row: Row, parameters: Mapping[str, torch.Tensor]) -> tuple[Problem, float]:
    """The problem of a mini-batch at ``s_T``, and the residual there."""
    x, y = digits(row.batch)
    theta = {name: value.double() for name, value in parameters.items()}
    free = free_phase(row.network, x, theta, steps=row.free_steps)
    return Problem(row.network, x, y, theta, steady=free.state), free.residual


def updates_of(row: Row, problem: Problem, sign: int) -> Processes:
    """The updates as a run makes them, for one sign of ``beta``."""
    beta = sign * row.beta
    used = kappa_of(row.network, row.rates(problem.parameters), beta)
    during = {name: kappa * row.damping for name, kappa in used.items()}
    rule = row.procedure.rule
    return delta(problem, rule, beta=beta, kappa=during, steps=row.nudged_steps)


def margins_of(row: Row, problem: Problem) -> Margins:
    """The largest stable multiples of the row's learning rates."""
    rates = row.rates(problem.parameters)
    return margins(problem, row.procedure.rule, rates, row.beta, damping=row.damping)
