"""The numbers behind the theorem figures. Nothing here reads or writes a file."""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace

import torch

from cep_core.check.bptt import nabla
from cep_core.check.delta import delta, followed_gradients
from cep_core.check.measures import angle_of_totals, observed_order, relmse_by_name
from cep_core.check.processes import Processes
from cep_core.check.stability import largest_stable_kappa
from cep_core.networks.initial import initial_parameters
from cep_core.phases import free_phase, kappa_of
from cep_core.problem import Problem
from cep_core.rules import Rule, learning_rates, rule_named
from reproduce.figures.specs import (
    Column,
    Figure,
    OrderFigure,
    ProcessFigure,
    Setting,
    Shared,
    network_of,
    read_figures,
)

TRACES = 3
"""How many elements of a layer are drawn."""

LIMIT = 1e-3
"""Factor on ``beta`` in the second measurement of RelMSE, taken without learning."""


@dataclass(frozen=True)
class Trace:
    """Elements of one layer: names, ``Delta`` and ``-nabla``, both of shape ``(K, elements)``."""

    elements: tuple[str, ...]
    delta: torch.Tensor
    minus_nabla: torch.Tensor


@dataclass(frozen=True)
class Panel:
    """One dynamics under one rule.

    Attributes:
        dynamics: name of the dynamics, as in the specification.
        column: the rule and its settings.
        traces: by layer.
        relmse: RelMSE by layer and parameter, all elements, at the figure's beta and eta.
        limit: the same at ``beta * LIMIT`` and ``eta = 0``: what is left of it in the limit.
        angle: between the total update and minus the total gradient, degrees.
        residual: largest change in the last step of the free phase.

    """

    dynamics: str
    column: Column
    traces: dict[str, Trace]
    relmse: dict[str, float]
    limit: dict[str, float]
    angle: float
    residual: float


@dataclass(frozen=True)
class ProcessResult:
    """All panels of a process figure, row by row."""

    figure: ProcessFigure
    panels: tuple[tuple[Panel, ...], ...]
    seconds: float


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


@dataclass(frozen=True)
class Sample:
    """One input ``(1, size_x)`` in [0, 1] and its one-hot target ``(1, size_0)``, float64.

    ``digit`` is its position in the embedded digits.
    """

    x: torch.Tensor
    y: torch.Tensor
    digit: int


@dataclass(frozen=True)
class _Settled:
    """A problem settled on a sample, its rule and the number of steps that are compared."""

    problem: Problem
    rule: Rule
    residual: float
    steps: int

    def updates(self, beta: float, kappa: dict[str, float] | float) -> Processes:
        return delta(self.problem, self.rule, beta=beta, kappa=kappa, steps=self.steps)

    def gradients(self) -> Processes:
        return followed_gradients(self.problem, nabla(self.problem, steps=self.steps))


def _settle(
    shared: Shared, setting: Setting, dynamics: str, rule: Rule, angle: float | None, sample: Sample
) -> _Settled:
    network = network_of(setting, dynamics, rule, shared.activation, len(shared.layers) - 1)
    generator = torch.Generator().manual_seed(shared.seed)
    parameters = initial_parameters(shared.layers, generator=generator, backward_angle=angle)
    free = free_phase(network, sample.x, parameters, steps=setting.free_steps)
    problem = Problem(network, sample.x, sample.y, parameters, steady=free.state)
    return _Settled(problem, rule, free.residual, setting.nudged_steps)


def chosen_elements(process: torch.Tensor) -> list[tuple[int, ...]]:
    """Indices of the elements to draw: the largest, one in the top 5 % and one in the top 25 %.

    ``process`` has time first; size is the norm over time. Elements that are zero throughout have
    no process to draw.
    """
    size = process.flatten(1).square().sum(0)
    order = torch.argsort(size, descending=True, stable=True)
    alive = int((size > 0).sum())
    ranks = [max(i, int(part * alive)) for i, part in enumerate((0.0, 0.05, 0.25)[:TRACES])]
    flat = [int(order[rank]) for rank in ranks if rank < alive]
    shape = process.shape[1:]
    return [tuple(int(i) for i in torch.unravel_index(torch.tensor(f), shape)) for f in flat]


def _element(layer: str, index: tuple[int, ...]) -> str:
    shown = index[1:] if layer.startswith("s_") else index
    return f"{layer}[{','.join(str(i) for i in shown)}]"


def _drawn(process: torch.Tensor, indices: list[tuple[int, ...]]) -> torch.Tensor:
    columns = [process.movedim(0, -1)[index] for index in indices]
    return torch.stack(columns, dim=1)


def _traces(
    updates: Processes, gradients: Processes, chosen: dict[str, list[tuple[int, ...]]]
) -> dict[str, Trace]:
    ours, theirs = updates.by_name, gradients.by_name
    return {
        layer: Trace(
            tuple(_element(layer, index) for index in indices),
            _drawn(ours[layer], indices),
            -_drawn(theirs[layer], indices),
        )
        for layer, indices in chosen.items()
    }


def compute_processes(figure: ProcessFigure, sample: Sample) -> ProcessResult:
    """Both sides of the theorem in every panel, from one seed and one sample.

    The elements drawn are chosen in the first panel and are the same in all of them.
    """
    started = time.monotonic()
    chosen: dict[str, list[tuple[int, ...]]] = {}
    layers = [layer for part in figure.parts for layer in part.layers]
    setting = figure.setting
    rows = []
    for dynamics in figure.rows:
        panels = []
        for column in figure.columns:
            rule = rule_named(column.rule)
            settled = _settle(figure.shared, setting, dynamics, rule, column.angle, sample)
            rates = learning_rates(
                settled.problem.network,
                settled.problem.parameters,
                [column.eta] * (len(figure.shared.layers) - 1),
                train_input_bias=not (
                    rule.vector_field and setting.name == "prototypical" and dynamics == "published"
                ),
            )
            gradients = settled.gradients()
            kappa = kappa_of(settled.problem.network, rates, setting.beta)
            updates = settled.updates(setting.beta, kappa)
            if not chosen:
                by_name = gradients.by_name
                chosen = {layer: chosen_elements(by_name[layer]) for layer in layers}
            limit = relmse_by_name(settled.updates(setting.beta * LIMIT, 0.0), gradients)
            panels.append(
                Panel(
                    dynamics,
                    column,
                    _traces(updates, gradients, chosen),
                    relmse_by_name(updates, gradients),
                    limit,
                    angle_of_totals(updates, gradients),
                    settled.residual,
                )
            )
        rows.append(tuple(panels))
    return ProcessResult(figure, tuple(rows), time.monotonic() - started)


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


def compute_orders(figure: OrderFigure, sample: Sample) -> OrderResult:
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
            settled = _settle(figure.shared, setting, dynamics, rule, angle, sample)
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


def compute(
    name: str, sample: Sample, *, seed: int | None = None, layers: Sequence[int] | None = None
) -> ProcessResult | OrderResult:
    """Compute the figure called ``name``; a seed or layer sizes replace the specified ones.

    Raises:
        ValueError: no figure has this name.

    """
    figures = read_figures()
    if name not in figures:
        msg = f"figure {name!r} is not known; expected one of: {', '.join(figures)}"
        raise ValueError(msg)
    shared = figures[name].shared
    shared = replace(
        shared,
        digit=sample.digit,
        seed=shared.seed if seed is None else seed,
        layers=shared.layers if layers is None else tuple(layers),
    )
    figure: Figure = replace(figures[name], shared=shared)
    if isinstance(figure, ProcessFigure):
        return compute_processes(figure, sample)
    return compute_orders(figure, sample)
