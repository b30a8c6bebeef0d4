"""Convolutional networks at digits: exact inside, a floor outside, and the largest stable kappa.

With the nudge inside the activation the updates approach minus the gradients in proportion to beta,
for a maximum, a mean and a mean weighted by softmax alike: the symmetry of ``d^2 Phi/ds^2`` is all
that is used, so it holds wherever ``Phi`` has this derivative along the phase, away from ties and
kinks. With the published nudge outside an error stays that no beta removes; against the loss which
the nudge then follows it vanishes again. With hard sigmoids, whose slope is 1 or 0, the parameters
follow the squared error nudged outside if and only if every output that errs lies strictly inside
(0, 1): the same network does on one target and does not on another.

At a fixed ``kappa = eta / beta`` the nudged phase has Jacobian ``J + kappa G``, and a kernel, being
shared by all positions, makes ``G`` large: the largest stable kappa of all parameters together is
that of the kernels, tens of times below that of the dense layer alone. It is found by power
iteration; the phase settles below it and grows above it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import torch

from cep_core.check.bptt import nabla
from cep_core.check.delta import delta, followed_gradients
from cep_core.check.measures import observed_order, relative_error
from cep_core.check.stability import LinearisedPhase, largest_stable_kappa
from cep_core.losses import Loss, loss_followed_by_outside_nudge
from cep_core.networks import Nudge
from cep_core.problem import Problem
from cep_core.rules import EP
from theory.case import Answer, Case, Level, Outcome
from theory.statements.stability import growth_along
from theory.statements.winners import settled

BETAS = (1e-3, 1e-4, 1e-5)
WITHIN_KINKS = (1e-5, 3e-6, 1e-6)
"""So small that no unit with a hard sigmoid crosses a kink."""

STEPS = 8
SIZE = "28x28, channels 4-6, kernels 5x5, fc 10"
SLOPE = 0.05
"""How far the observed order may be from 1."""


def falls(
    problem: Problem,
    loss: Loss | None = None,
    *,
    betas: Sequence[float] = BETAS,
    neurons: bool = True,
) -> Outcome:
    """Whether the largest relative error of a tensor's processes falls in proportion to beta."""
    gradients = nabla(problem, steps=STEPS, loss=loss)
    followed = followed_gradients(problem, gradients, modified_loss=loss is not None)
    errors = []
    for beta in betas:
        found = delta(problem, EP, beta=beta, kappa=0, steps=STEPS)
        names = found.by_name if neurons else found.parameters
        pairs = [(found.by_name[name], followed.by_name[name]) for name in names]
        errors.append(max(relative_error(d, n) for d, n in pairs if bool(n.any())))
    order = observed_order(betas, errors)
    numbers: dict[str, Any] = {"beta": betas, "error": errors, "order": order}
    answer = Answer.HOLDS if abs(order - 1) < SLOPE else Answer.REFUTED
    reason = f"error of the worst tensor {errors[0]:.1e} to {errors[-1]:.1e}, of order {order:.2f}"
    return Outcome(answer, numbers, reason)


def property_holds(pooling: str, nudge: Nudge, *, followed: bool = False) -> Outcome:
    """Whether the property holds on sigmoids."""
    loss = loss_followed_by_outside_nudge("sigmoid") if followed else None
    return falls(settled(pooling, nudge, 2), loss)


def outside_on_hard_sigmoids(pooling: str, *, saturated: bool) -> Outcome:
    """Whether it does nudged outside, where outputs inside (0, 1) err, and with others too."""
    problem = settled(pooling, "outside", 2, "hard-sigmoid")
    output = problem.rest[0]
    inside = (output > 0) & (output < 1)
    if bool(inside.all()) or not bool(inside.any()):
        return Outcome(Answer.UNDECIDED, {}, "expected outputs inside (0, 1) and at its ends")
    target = 1 - output if saturated else torch.where(inside, 1 - output, output)
    return falls(replace(problem, y=target), betas=WITHIN_KINKS, neurons=False)


def bound(pooling: str) -> Outcome:
    """The largest stable kappa, of all parameters and of the dense layer alone, and phase 2."""
    problem = settled(pooling, "inside", 2)
    asked = (problem.network, problem.x, problem.parameters, problem.rest)
    dense = {name: float(name in {"W_0_1", "b_0"}) for name in problem.parameters}
    whole = largest_stable_kappa(*asked, tolerance=1e-2)
    alone = largest_stable_kappa(*asked, ratios=dense, tolerance=1e-2)
    phase = LinearisedPhase(*asked)
    numbers: dict[str, Any] = {
        "largest stable kappa": whole.kappa,
        "of the dense layer alone": alone.kappa,
        "radius free": whole.radius_free,
    }
    right = whole.kappa * 10 < alone.kappa
    for factor in (0.9, 1.1):
        value, gap, last = growth_along(phase, problem.y, factor * whole.kappa)
        numbers[f"at {factor} of the bound"] = {"spectral radius": value, "off by": gap}
        right &= gap < 1e-3 and (value < 1) == (last < 1) == (factor < 1)  # noqa: PLR2004
    reason = f"{whole.kappa:.4f} for all, {alone.kappa:.3f} for the dense layer alone"
    return Outcome(Answer.HOLDS if right else Answer.REFUTED, numbers, reason)


def cases() -> tuple[Case, ...]:
    """Return the cases at digits."""
    case = partial(
        Case, "pooled_limits", where="at the initial weights of one network",
        level=Level.NUMERICAL, cost=4,
    )  # fmt: skip
    err = "hard sigmoids, nudge outside: the error of every parameter falls in proportion to beta"
    method, size = "float64, two digits of MNIST", f"{SIZE}, K = {STEPS}, mini-batch of 2"
    claim = "the error of every tensor falls in proportion to beta"
    found = [
        case(
            f"{pooling} pooling, nudge {nudge}",
            f"nudge {nudge}: {claim}",
            method=method,
            size=size,
            decide=partial(property_holds, pooling, nudge),
            expected=Answer.HOLDS if nudge == "inside" else Answer.REFUTED,
        )
        for pooling in ("max", "average", "softmax")
        for nudge in ("inside", "outside")
    ]
    found += [
        case(
            f"{pooling} pooling, nudge outside, the loss that it follows",
            f"nudge outside, gradients of a cross-entropy: {claim}",
            method=method,
            size=size,
            decide=partial(property_holds, pooling, "outside", followed=True),
        )
        for pooling in ("max", "average")
    ]
    found += [
        case(
            f"{pooling} pooling, hard sigmoids, nudge outside, {where}",
            f"{err}, where {where}",
            method=method,
            size=size,
            decide=partial(outside_on_hard_sigmoids, pooling, saturated=saturated),
            expected=Answer.REFUTED if saturated else Answer.HOLDS,
        )
        for pooling in ("max", "average")
        for where, saturated in (
            ("outputs that err are inside (0, 1)", False),
            ("outputs at 0 or 1 err too", True),
        )
    ]
    found += [
        case(
            f"{pooling} pooling: largest stable kappa",
            "kernels set the largest stable kappa; phase 2 settles below it and grows above it",
            method="power iteration (Arnoldi), float64, two digits of MNIST",
            size=f"{SIZE}, mini-batch of 2",
            decide=partial(bound, pooling),
            cost=8,
        )
        for pooling in ("max", "average")
    ]
    return tuple(found)
