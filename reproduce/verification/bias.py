"""Where the theorem's hypotheses fail: what the error stays at, and what bounds or explains it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

import numpy as np
import torch

from cep_core.check.bptt import nabla
from cep_core.check.delta import delta, followed_gradients
from cep_core.check.measures import worst_error
from cep_core.check.orders import judge_order
from cep_core.check.verdicts import Check, Verdict
from cep_core.losses import SquaredError, loss_followed_by_outside_nudge
from cep_core.problem import Problem
from cep_core.rules import C_EP, C_VF, EP, Rule
from reproduce.verification.cases import (
    FULL,
    ONE_HIDDEN,
    case,
    energy_exact,
    energy_published,
    energy_published_cvf,
    prototypical_outside,
    shape_name,
    timed,
)

STEPS = 10
BETAS = (1e-3, 1e-4, 1e-5)
NOISE = 1e-8
"""Round-off at the smallest of these betas, relative to the gradient."""

FLAT = 0.2
"""Order below which an error counts as staying where it is."""

VISIBLE = 1e-4
"""Relative error that is no rounding."""


def _errors(bench: Problem, rule: Rule) -> list[float]:
    """Worst relative error at every beta, without learning, against ``nabla`` itself."""
    settled = bench.settled()
    gradients = nabla(settled, steps=STEPS)
    return [
        worst_error(delta(settled, rule, beta=beta, kappa=0.0, steps=STEPS), gradients)[0]
        for beta in BETAS
    ]


def published_dynamics() -> Iterator[Check]:
    """The dynamics of the authors' code: their error reaches a plateau."""
    variants: tuple[tuple[str, Callable[..., Problem], Rule, float | None], ...] = (
        ("energy-based, C-EP", lambda a, s, g: case(energy_published, a, s, angle=g), C_EP, None),
        (
            "energy-based, C-VF",
            lambda a, s, g: case(energy_published_cvf, a, s, angle=g),
            C_VF,
            0.0,
        ),
        (
            "prototypical, C-EP",
            lambda a, s, g: case(prototypical_outside, a, s, angle=g),
            C_EP,
            None,
        ),
        (
            "prototypical, C-VF",
            lambda a, s, g: case(prototypical_outside, a, s, angle=g),
            C_VF,
            0.0,
        ),
    )
    for activation, sizes in (("tanh", ONE_HIDDEN), ("sigmoid", ONE_HIDDEN), ("tanh", FULL)):
        for label, make, rule, angle in variants:
            name = f"published/{label}/{activation}/{shape_name(sizes)}"
            yield timed(
                name,
                lambda n=name, m=make, a=activation, s=sizes, r=rule, g=angle: check_plateau(  # type: ignore[misc]
                    n, m(a, s, g), r
                ),
            )


def check_plateau(name: str, bench: Problem, rule: Rule) -> Check:
    """Pass if the error does not vanish with beta."""
    errors = _errors(bench, rule)
    order = judge_order(BETAS, errors, noise=[NOISE] * len(BETAS))
    stays = order.verdict is Verdict.FAIL and order.order < FLAT and errors[-1] > VISIBLE
    return Check(
        name,
        "The published dynamics keep an error that β → 0 and η → 0 do not remove",
        Verdict.PASS if stays else Verdict.FAIL,
        {"plateau": errors[-1], "relative mean squared error": errors[-1] ** 2, "errors": errors},
        f"stays at {errors[-1]:.1e}" if stays else f"no plateau: {order.reason}",
    )


def outside_nudge() -> Iterator[Check]:
    """The published prototypical nudge follows the exact gradient of a cross-entropy."""
    for activation in ("tanh", "sigmoid"):
        bench = case(prototypical_outside, activation, ONE_HIDDEN, batch=3)
        name = f"outside nudge/{activation}"
        yield timed(name, partial(check_other_loss, name, activation, bench))


def check_other_loss(name: str, activation: str, bench: Problem) -> Check:
    """Parameters' updates nudged by the squared error against gradients of the other loss."""
    settled = bench.settled()
    errors: dict[str, list[float]] = {}
    losses = {
        "squared error": SquaredError(),
        "cross-entropy": loss_followed_by_outside_nudge(activation),
    }
    for label, loss in losses.items():
        gradients = nabla(settled, steps=STEPS, loss=loss)
        errors[label] = []
        for beta in BETAS:
            updates = delta(settled, EP, beta=beta, kappa=0.0, steps=STEPS)
            gap = [updates.parameters[n] + g for n, g in gradients.parameters.items()]
            errors[label].append(_norm(gap) / _norm(list(gradients.parameters.values())))
    order = judge_order(BETAS, errors["cross-entropy"], noise=[NOISE] * len(BETAS))
    kept = errors["squared error"][-1]
    verdict = order.verdict if kept > VISIBLE else Verdict.FAIL
    return Check(
        name,
        "Nudged outside the activation, the updates follow minus the gradient of a cross-entropy, "
        "and not that of the squared error",
        verdict,
        {"order": order.order, **errors},
        f"against the cross-entropy the error {order.reason}; squared error: stays at {kept:.1e}",
    )


def _norm(tensors: list[torch.Tensor]) -> float:
    return float(torch.sqrt(sum((t.square().sum() for t in tensors), torch.zeros(()).double())))


def _jacobian(bench: Problem) -> np.ndarray:
    """``dF/ds`` of one sample by automatic differentiation, ``(n, n)``, output layer first."""
    at = bench.rest
    sizes = [s.shape[1] for s in at]

    def step(flat: torch.Tensor) -> torch.Tensor:
        state = tuple(part.unsqueeze(0) for part in torch.split(flat, sizes))
        return torch.cat(bench.network.transition(bench.x, state, bench.parameters), dim=1)[0]

    found = torch.func.jacrev(step)(torch.cat(at, dim=1)[0])
    return np.asarray(found.detach().numpy())


def asymmetric_weights() -> Iterator[Check]:
    """C-VF with untied weights deviates, as much as its linearisation says and within the bound."""
    for angle in (0.0, 22.5, 45.0, 90.0):
        bench = case(energy_exact, "tanh", ONE_HIDDEN, angle=angle)
        name = f"asymmetry/Ψ = {angle:g}°"
        yield timed(name, partial(check_asymmetry, name, bench, symmetric=angle == 0))


def check_asymmetry(name: str, bench: Problem, *, symmetric: bool) -> Check:
    """Hold ``Delta_s(t) + nabla_s(t)`` against ``-(J^t - J^T^t) dl/ds`` and against its bound."""
    settled = bench.settled()
    beta = 1e-6
    updates = delta(settled, C_VF, beta=beta, kappa=0.0, steps=STEPS)
    gradients = followed_gradients(settled, nabla(settled, steps=STEPS))
    jacobian = _jacobian(settled)
    loss = np.zeros(len(jacobian))
    loss[: bench.y.shape[1]] = (settled.rest[0] - settled.y)[0].numpy()
    norm = max(float(np.linalg.norm(jacobian, 2)), 1.0)
    defect = float(np.linalg.norm(jacobian - jacobian.T, 2))
    deviations, bounds, unexplained = [], [], 0.0
    forward, backward = loss.copy(), loss.copy()
    for t in range(STEPS):
        pairs = zip(updates.state, gradients.state, strict=True)
        gap = torch.cat([(d + n)[t, 0] for d, n in pairs]).numpy()
        deviations.append(float(np.linalg.norm(gap)))
        bounds.append(t * defect * norm ** max(t - 1, 0) * float(np.linalg.norm(loss)))
        unexplained = max(unexplained, float(np.linalg.norm(gap + (forward - backward))))
        forward, backward = jacobian @ forward, jacobian.T @ backward
    tolerance = 100 * beta * float(np.linalg.norm(loss))
    within = all(d <= b + tolerance for d, b in zip(deviations, bounds, strict=True))
    explained = unexplained <= tolerance
    deviates = max(deviations) > 10 * tolerance
    passed = within and explained and deviates != symmetric
    told = "no deviation" if symmetric else f"deviation up to {max(deviations):.2e}"
    return Check(
        name,
        "C-VF's deviation is −(Jᵗ − (Jᵀ)ᵗ) ∂ℓ/∂s, within t‖J − Jᵀ‖ max(‖J‖, 1)ᵗ⁻¹ ‖∂ℓ/∂s‖; "
        "it is zero if and only if the weights are symmetric",
        Verdict.PASS if passed else Verdict.FAIL,
        {
            "deviation by step": deviations,
            "bound by step": bounds,
            "unexplained": unexplained,
            "norm of J - J^T": defect,
        },
        f"{told}, bound {bounds[-1]:.2e}, not explained by J: {unexplained:.1e}",
    )
