"""The numbers behind an order figure."""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from dataclasses import dataclass

import torch

from cep_core.check.measures import observed_order
from cep_core.check.processes import Processes
from cep_core.check.stability import largest_stable_kappa
from cep_core.rules import rule_named
from reproduce.figures.orders.specification import OrderFigure
from reproduce.figures.sample import Sample
from reproduce.figures.settled import settle


@dataclass(frozen=True)
class Curve:
    """Errors of one rule in one setting against the figure's scale, and the fitted order."""

    setting: str
    label: str
    expected: float | None
    scales: tuple[float, ...]
    errors: tuple[float, ...]
    order: float | None


@dataclass(frozen=True)
class OrderResult:
    """All curves of an order figure.

    ``stable`` holds the largest stable ``kappa`` of C-EP by setting.
    """

    figure: OrderFigure
    curves: tuple[Curve, ...]
    stable: dict[str, float]
    seconds: float


def error_of_parameters(updates: Processes, gradients: Processes) -> float:
    """``||Delta_theta + nabla_theta|| / ||nabla_theta||`` over all parameters and times."""
    gap = norm = 0.0
    for name, process in updates.parameters.items():
        for d, n in zip(process, gradients.parameters[name], strict=True):
            gap += float((d + n).square_().sum())
            norm += float(torch.dot(n.flatten(), n.flatten()))
    return math.sqrt(gap / norm) if norm else math.nan


def _mean(plus: Processes, minus: Processes) -> Processes:
    return Processes(
        tuple((a + b) / 2 for a, b in zip(plus.state, minus.state, strict=True)),
        {name: a.add_(minus.parameters[name]).div_(2) for name, a in plus.parameters.items()},
    )


def _fitted(
    scales: Sequence[float], errors: Sequence[float], fit: tuple[float, float]
) -> float | None:
    low, high = fit[0] * (1 - 1e-9), fit[1] * (1 + 1e-9)
    inside = [(s, e) for s, e in zip(scales, errors, strict=True) if low <= s <= high]
    return observed_order(*zip(*inside, strict=True))


CURVES: tuple[tuple[str, str, str, float | None, float | None], ...] = (
    ("EP", "EP", "exact", None, 1.0),
    ("C-EP", "C-EP", "exact", None, 1.0),
    ("C-VF, Ψ = 0°", "C-VF", "exact", 0.0, 1.0),
    ("EP, mean of ±β", "EP", "exact", None, 2.0),
    ("C-EP, as published", "C-EP", "published", None, None),
)
"""Label, rule, dynamics, backward angle, expected order (None: a plateau) of every curve."""


def compute(figure: OrderFigure, sample: Sample) -> OrderResult:
    """Errors of the parameters' processes over the figure's scales, for every curve."""
    started = time.monotonic()
    curves = []
    stable: dict[str, float] = {}
    for setting in figure.settings:
        for label, name, dynamics, angle, expected in CURVES:
            centred = expected == 2.0  # noqa: PLR2004 - the order of a centred estimator
            rule = rule_named(name)
            if figure.against == "kappa" and not rule.continual:
                continue
            settled = settle(figure.shared, setting, dynamics, rule, angle, sample)
            gradients = settled.gradients()
            errors = []
            for scale in figure.scales:
                beta, kappa = (
                    (scale, figure.fixed) if figure.against == "beta" else (figure.fixed, scale)
                )
                updates = settled.updates(beta, kappa)
                if centred:
                    updates = _mean(updates, settled.updates(-beta, kappa))
                errors.append(error_of_parameters(updates, gradients))
            fit = figure.fit_centred if centred else figure.fit
            order = _fitted(figure.scales, errors, fit)
            curves.append(Curve(setting.name, label, expected, figure.scales, tuple(errors), order))
            if name == "C-EP" and dynamics == "exact" and figure.against == "kappa":
                p = settled.problem
                stable[setting.name] = largest_stable_kappa(
                    p.network, p.x, p.parameters, p.rest, rule=rule
                ).kappa
    return OrderResult(figure, tuple(curves), stable, time.monotonic() - started)
