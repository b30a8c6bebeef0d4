"""The normalised updates of the nudged phase: one side of the GDU property."""

from __future__ import annotations

from collections.abc import Mapping

import torch

from cep_core.arrays import Scalar
from cep_core.check.processes import Processes
from cep_core.networks import answering
from cep_core.phases import nudged_phase
from cep_core.problem import Problem
from cep_core.rules import Rule


def delta(
    problem: Problem,
    rule: Rule,
    *,
    beta: complex,
    kappa: complex | Mapping[str, Scalar],
    steps: int,
) -> Processes:
    """Normalised updates ``Delta_s(t)`` and ``Delta_theta(t)`` for ``t = 0 … K-1``.

    ``Delta_s(t) = (s_{t+1} - s_t) / beta'`` and ``Delta_theta(t) = increment / beta'``, with
    ``beta' = beta * network.time_scale``; this equals ``(theta_{t+1} - theta_t) / eta`` and has a
    value at ``eta = 0`` too.

    Args:
        problem: a settled problem.
        rule: the learning rule.
        beta: nudging strength, of either sign; complex with a complex problem.
        kappa: ``eta / beta'``, one number or one per parameter.
        steps: ``K``.

    Raises:
        ValueError: ``beta`` is zero, or the problem is not settled.

    """
    if beta == 0:
        msg = "beta: expected a nudging strength other than zero, found 0"
        raise ValueError(msg)
    scale = 1 / (beta * problem.network.time_scale)
    states: list[list[torch.Tensor]] = []
    processes: dict[str, torch.Tensor] = {}
    with torch.no_grad():
        phase = nudged_phase(
            problem.network,
            rule,
            problem.x,
            problem.y,
            problem.parameters,
            problem.rest,
            beta=beta,
            kappa=kappa,
            steps=steps,
            loss=problem.loss,
        )
        for t, step in enumerate(phase):
            moved = zip(step.state, step.following, strict=True)
            states.append([(after - before) * scale for before, after in moved])
            for name, increment in step.increment.items():
                if t == 0:
                    processes[name] = increment.new_empty((steps, *increment.shape))
                torch.mul(increment, scale, out=processes[name][t])
    return Processes(tuple(torch.stack(layer) for layer in zip(*states, strict=True)), processes)


def followed_gradients(
    problem: Problem, nabla_side: Processes, *, modified_loss: bool = False
) -> Processes:
    """The gradients that the updates of a network follow when it has the GDU property.

    They are ``nabla`` itself, or ``sigma' * nabla_s`` for the neurons of a network that says so
    (:meth:`cep_core.networks.AnsweringNetwork.followed_slopes`).
    """
    slopes = answering(problem.network).followed_slopes(
        problem.x, problem.rest, problem.parameters, modified_loss=modified_loss
    )
    if slopes is None:
        return nabla_side
    pairs = zip(nabla_side.state, slopes, strict=True)
    return Processes(tuple(s * slope for s, slope in pairs), nabla_side.parameters)
