"""Theorem 1: the updates follow minus the gradients in the exact dynamics, with the right order."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from cep_core.check.bptt import nabla
from cep_core.check.delta import delta, followed_gradients
from cep_core.check.gducheck import gducheck
from cep_core.check.measures import worst_error
from cep_core.check.orders import judge_order
from cep_core.check.processes import Processes, mean_of
from cep_core.check.result import GDUResult
from cep_core.check.verdicts import Check
from cep_core.networks import AnsweringNetwork
from cep_core.problem import Problem
from cep_core.rules import C_EP, C_VF, EP, Rule
from reproduce.verification.cases import (
    EXACT,
    FULL,
    ONE_HIDDEN,
    TWO_HIDDEN,
    case,
    shape_name,
    timed,
)

STEPS = 10
CENTRED_BETAS = (1e-1, 3e-2, 1e-2, 3e-3)
CENTRED_NOISE = 1e-9
"""Round-off of the centred estimator at the smallest of these betas, relative to the gradient."""


def finite(value: float) -> float | None:
    """``value``, or None where it is not finite, as JSON has no such number."""
    return value if math.isfinite(value) else None


def numbers_of(result: GDUResult) -> dict[str, Any]:
    """Orders, smallest errors, RelMSE, angle and residual of a result, as JSON values."""
    orders = {c.name: finite(c.numbers.get("order", math.nan)) for c in result.checks}
    smallest = {c.name: finite(c.numbers.get("smallest error", math.nan)) for c in result.checks}
    return {
        "orders": orders,
        "smallest errors": smallest,
        "RelMSE": {name: finite(value) for name, value in result.relmse.items()},
        "angle": finite(result.angle),
        "free steps": result.free.steps,
        "residual": result.free.residual,
    }


def check_case(name: str, bench: Problem, rule: Rule) -> Check:
    """Hold one case and rule against Theorem 1."""
    result = gducheck(
        bench.network, bench.x, bench.y, bench.parameters, rule=rule, steps=STEPS, tolerance=1e-14
    )
    reason = "; ".join(c.reason for c in result.checks)
    if result.causes:
        reason += ". Likely: " + "; ".join(result.causes)
    limits = "κ, then β vanish" if rule.continual else "β vanishes"
    statement = f"{rule.name}: Δ tends to −∇ at every step as {limits}, with order 1"
    return Check(name, statement, result.verdict, numbers_of(result), reason)


def _cases(
    sizes: tuple[tuple[int, ...], ...], activations: tuple[str, ...], batch: int
) -> Iterator[Check]:
    for dynamics, make in EXACT.items():
        for activation in activations:
            for shape in sizes:
                for rule in (EP, C_EP, C_VF):
                    name = f"theorem1/{dynamics}/{activation}/{shape_name(shape)}/{rule.name}"
                    angle = 0.0 if rule.vector_field else None
                    yield timed(name, _later(name, make, activation, shape, batch, angle, rule))


def _later(
    name: str,
    make: Callable[[str, int], AnsweringNetwork],
    activation: str,
    shape: tuple[int, ...],
    batch: int,
    angle: float | None,
    rule: Rule,
) -> Callable[[], Check]:
    return lambda: check_case(name, case(make, activation, shape, batch=batch, angle=angle), rule)


def exact_dynamics() -> Iterator[Check]:
    """One and two hidden layers, tanh and sigmoid, three digits in a mini-batch."""
    yield from _cases((ONE_HIDDEN, TWO_HIDDEN), ("tanh", "sigmoid"), 3)


def full_size() -> Iterator[Check]:
    """The network of the paper's figures."""
    yield from _cases((FULL,), ("tanh",), 1)


def centred_estimator() -> Iterator[Check]:
    """The mean of the updates nudged by ``+beta`` and ``-beta`` has an error of second order."""
    for dynamics, make in EXACT.items():
        bench = case(make, "tanh", ONE_HIDDEN, batch=3)
        name = f"centred/{dynamics}"
        yield timed(name, partial(check_centred, name, bench))


def followed(settled: Problem, steps: int = STEPS) -> Processes:
    """The gradients that the updates of a settled problem follow."""
    return followed_gradients(settled, nabla(settled, steps=steps))


def check_centred(name: str, bench: Problem, rule: Rule = EP) -> Check:
    """Fit the order of the centred estimator."""
    settled = bench.settled()
    gradients = followed(settled)
    errors = []
    for beta in CENTRED_BETAS:
        plus, minus = (delta(settled, rule, beta=b, kappa=0.0, steps=STEPS) for b in (beta, -beta))
        errors.append(worst_error(mean_of(plus, minus), gradients)[0])
    order = judge_order(
        CENTRED_BETAS, errors, noise=[CENTRED_NOISE] * len(CENTRED_BETAS), expected=2.0
    )
    return Check(
        name,
        "The mean of the updates of ±β tends to −∇ with order 2 in β",
        order.verdict,
        {"order": finite(order.order), "betas": list(CENTRED_BETAS), "errors": errors},
        order.reason,
    )
