"""Convolutional networks at digits: exact inside, a floor outside, and the largest stable kappa.

With the nudge inside the activation the updates approach minus the gradients in proportion to beta,
for a maximum, a mean and a mean weighted by softmax alike: the symmetry of ``d^2 Phi/ds^2`` is all
that is used, so it holds wherever ``Phi`` has this derivative along the phase, away from ties and
kinks. With the published nudge outside an error stays that no beta removes; against the loss which
the nudge then follows it vanishes again.

At a fixed ``kappa = eta / beta`` the nudged phase has Jacobian ``J + kappa G``, and a kernel, being
shared by all positions, makes ``G`` large: the largest stable kappa of all parameters together is
that of the kernels, tens of times below that of the dense layer alone. It is found by power
iteration; the phase settles below it and grows above it.
"""

from __future__ import annotations

from functools import partial
from typing import Any

from cep_core.check.bptt import nabla
from cep_core.check.delta import delta, followed_gradients
from cep_core.check.measures import observed_order, relative_error
from cep_core.check.stability import LinearisedPhase, largest_stable_kappa
from cep_core.losses import Loss, loss_followed_by_outside_nudge
from cep_core.networks import Nudge
from cep_core.rules import EP
from theory.case import Answer, Case, Level, Outcome
from theory.statements.stability import growth_along
from theory.statements.winners import settled

BETAS = (1e-3, 1e-4, 1e-5)
STEPS = 8
SIZE = "28x28, channels 4-6, kernels 5x5, fc 10"
SLOPE = 0.05
"""How far the observed order may be from 1."""


def errors_at(pooling: str, nudge: Nudge, loss: Loss | None = None) -> list[float]:
    """Largest relative error of a tensor's processes, at every beta."""
    problem = settled(pooling, nudge, 2)
    gradients = nabla(problem, steps=STEPS, loss=loss)
    followed = followed_gradients(problem, gradients, modified_loss=loss is not None)
    errors = []
    for beta in BETAS:
        found = delta(problem, EP, beta=beta, kappa=0, steps=STEPS)
        pairs = [(found.by_name[name], followed.by_name[name]) for name in found.by_name]
        errors.append(max(relative_error(d, n) for d, n in pairs if bool(n.any())))
    return errors


def property_holds(pooling: str, nudge: Nudge, *, followed: bool = False) -> Outcome:
    """Whether the error falls in proportion to beta."""
    loss = loss_followed_by_outside_nudge("sigmoid") if followed else None
    errors = errors_at(pooling, nudge, loss)
    order = observed_order(BETAS, errors)
    numbers: dict[str, Any] = {"beta": BETAS, "error": errors, "order": order}
    answer = Answer.HOLDS if abs(order - 1) < SLOPE else Answer.REFUTED
    reason = f"error of the worst tensor {errors[0]:.1e} to {errors[-1]:.1e}, of order {order:.2f}"
    return Outcome(answer, numbers, reason)


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
