"""Nudged phases at one strength or at several on a circle, turned into one update at every step.

One phase at ``beta`` errs by ``O(beta)``. The mean of phases at the ``N`` points
``beta e^{2 pi i j / N}`` of a circle errs by ``O(beta^N)``, since every other power of ``beta``
averages to zero: centred for ``N = 2``, and beyond it with complex states, where the network is
analytic within the circle (Laborieux and Zenke, 2022, for EP's steady states; here at every step,
and for the corrected phase). The points lie in conjugate pairs, of which one is run.

A rule that moves the parameters meanwhile does so with ``eta / beta_j``: ``beta_j`` times it is the
same at every point, so that an error of the order of ``eta = beta kappa`` stays, whatever ``N``.
"""

from __future__ import annotations

import cmath
import math
from collections.abc import Mapping

import torch

from cep_core.activations import kinks
from cep_core.arrays import Parameters, Scalar
from cep_core.check.delta import delta
from cep_core.check.processes import Processes
from cep_core.networks import answering
from cep_core.problem import Problem
from cep_core.rules import Rule


def estimate(
    problem: Problem,
    rule: Rule,
    *,
    beta: float,
    kappa: float | Mapping[str, Scalar] = 0.0,
    steps: int,
    points: int = 1,
) -> Processes:
    """Normalised updates of a rule, averaged over ``points`` nudged phases on a circle.

    Args:
        problem: a settled problem; in float64 for more than two points.
        rule: the learning rule, of any kind.
        beta: radius of the circle and its first point, of either sign.
        kappa: ``eta / beta'`` at that point, one number or one per parameter.
        steps: ``K``.
        points: ``N``; 1 is one-sided, 2 centred.

    Returns:
        As :func:`cep_core.check.delta.delta`; real.

    Raises:
        ValueError: ``beta`` is zero, the count is not positive, the problem is not settled, or the
            network is not analytic (an activation with a kink) and more than two points are asked.

    """
    if points < 1:
        raise ValueError(f"points: expected a positive count, found {points}")
    if points > 2:  # noqa: PLR2004 - the others lie off the real line
        problem = _complex(problem, points)
    found: Processes | None = None
    for j in range(points // 2 + 1):
        turn = _turn(j, points)
        there = {n: k / turn for n, k in kappa.items()} if isinstance(kappa, Mapping) else None
        at = delta(
            problem,
            rule,
            beta=beta * turn,
            kappa=kappa / turn if there is None else there,  # type: ignore[operator]
            steps=steps,
        )
        alone = 2 * j in {0, points}
        found = _plus(found, at, (1 if alone else 2) / points)
    assert found is not None
    return found


def total(processes: Processes) -> Parameters:
    """Sum over time of the parameters' updates: an estimate of minus the gradient of the loss."""
    return {name: process.sum(0) for name, process in processes.parameters.items()}


def _turn(j: int, points: int) -> float | complex:
    """The ``j``-th root of 1; real where it is, so that one and two points stay real."""
    if 2 * j in {0, points}:
        return -1.0 if j else 1.0
    return cmath.exp(2j * math.pi * j / points)


def _plus(found: Processes | None, more: Processes, share: float) -> Processes:
    state = tuple(s.real * share for s in more.state)
    parameters = {name: p.real * share for name, p in more.parameters.items()}
    if found is None:
        return Processes(state, parameters)
    return Processes(
        tuple(a + b for a, b in zip(found.state, state, strict=True)),
        {name: p + parameters[name] for name, p in found.parameters.items()},
    )


def _complex(problem: Problem, points: int) -> Problem:
    kinked = [f.name for f in answering(problem.network).activations if kinks(f)]
    if kinked:
        raise ValueError(
            f"points: expected 1 or 2 for a network that is not analytic ({kinked[0]} has kinks), "
            f"found {points}"
        )
    return problem.to(torch.complex128)
