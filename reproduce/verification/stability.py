"""The largest stable ``kappa``: where ``J + kappa G`` says, and what the nudged phase does."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from functools import partial

import torch

from cep_core.check.stability import LinearisedPhase, largest_stable_kappa
from cep_core.check.verdicts import Check, Verdict
from cep_core.networks import AnsweringNetwork
from cep_core.phases import nudged_phase
from cep_core.problem import Problem
from cep_core.rules import C_EP
from reproduce.verification.cases import (
    EXACT,
    FULL,
    ONE_HIDDEN,
    case,
    energy_identity,
    shape_name,
    timed,
)

STEPS = 800
SIDES = {0.9: 1e-5, 1.1: 1e-9}
"""Multiples of the largest stable ``kappa`` at which the nudged phase is run, and their betas."""

LINEAR = (1e-12, 1e-4)
"""Changes of the state between which a growth rate is read: above rounding, below saturation."""

RATE_SLACK = 0.1
"""Relative error allowed between the observed growth and the logarithm of the spectral radius."""


def threshold() -> Iterator[Check]:
    """Every exact dynamics, a small network and the one of the paper."""
    makes: dict[str, Callable[[str, int], AnsweringNetwork]] = EXACT
    for sizes in (ONE_HIDDEN, FULL):
        for dynamics, make in makes.items():
            if sizes == FULL and make is energy_identity:
                continue  # as the other energy-based one, and seconds long
            bench = case(make, "tanh", sizes)
            name = f"stability/{dynamics}/{shape_name(sizes)}"
            yield timed(name, partial(check_threshold, name, bench))


def _growth(settled: Problem, kappa: float, beta: float) -> float:
    """Mean logarithm per step by which the change of the state grows, once one mode is left."""
    where = (settled.x, settled.y, settled.parameters, settled.rest)
    sizes: list[float] = []
    with torch.no_grad():
        for step in nudged_phase(
            settled.network, C_EP, *where, beta=beta, kappa=kappa, steps=STEPS
        ):
            pairs = zip(step.state, step.following, strict=True)
            sizes.append(math.sqrt(sum(float((b - a).square().sum()) for a, b in pairs)))
            if not LINEAR[0] < sizes[-1] < LINEAR[1]:
                break
    first = int(0.8 * len(sizes))
    return math.log(sizes[-1] / sizes[first]) / (len(sizes) - 1 - first)


def check_threshold(name: str, bench: Problem) -> Check:
    """Radius 1 at the bound; decay below it and growth above, at the predicted rates."""
    settled = bench.settled()
    where = (settled.network, settled.x, settled.parameters, settled.rest)
    linear = LinearisedPhase(*where, rule=C_EP)
    bound = largest_stable_kappa(*where, rule=C_EP).kappa
    at_bound = linear.radius(bound)
    sides = {f"{side:g} of the bound": (side * bound, beta) for side, beta in SIDES.items()}
    predicted = {label: math.log(linear.radius(k)) for label, (k, _) in sides.items()}
    observed = {label: _growth(settled, *side) for label, side in sides.items()}
    below, above = observed.values()
    gap = max(abs(observed[label] / predicted[label] - 1) for label in sides)
    passed = abs(at_bound - 1) < 1e-4 and below < 0 < above and gap < RATE_SLACK  # noqa: PLR2004
    return Check(
        name,
        "Phase 2 of C-EP is stable while the spectral radius of J + κG is below 1, a bound on η/β "
        "known before training",
        Verdict.PASS if passed else Verdict.FAIL,
        {
            "largest stable kappa": bound,
            "spectral radius there": at_bound,
            "predicted growth per step": predicted,
            "observed growth per step": observed,
        },
        f"largest stable κ {bound:.4g}: below it changes decay, above it they grow, "
        f"rates within {100 * gap:.1f} % of log radius",
    )
