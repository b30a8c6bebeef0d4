"""The numbers behind a process figure."""

from __future__ import annotations

import time
from dataclasses import dataclass

import torch

from cep_core.check.measures import angle_of_totals, relmse_by_name
from cep_core.check.processes import Processes
from cep_core.phases import kappa_of
from cep_core.rules import learning_rates, rule_named
from reproduce.figures.processes.specification import Column, ProcessFigure
from reproduce.figures.sample import Sample
from reproduce.figures.settled import settle

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


def chosen_elements(process: torch.Tensor, seed: int) -> list[tuple[int, ...]]:
    """Indices of the elements to draw, at random from those that are not zero throughout.

    Args:
        process: with time first.
        seed: of the draw.

    """
    alive = process.flatten(1).any(dim=0).nonzero().flatten()
    order = torch.randperm(len(alive), generator=torch.Generator().manual_seed(seed))
    flat = alive[order[:TRACES]].sort().values
    shape = process.shape[1:]
    return [tuple(int(i) for i in torch.unravel_index(f, shape)) for f in flat]


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


def compute(figure: ProcessFigure, sample: Sample) -> ProcessResult:
    """Both sides of the theorem in every panel, from one seed and one sample.

    The elements drawn are those that are alive in the first panel, the same in all of them.
    """
    started = time.monotonic()
    chosen: dict[str, list[tuple[int, ...]]] = {}
    layers = [layer for part in figure.curves for layer in part.layers]
    setting = figure.setting
    rows = []
    for dynamics in figure.rows:
        panels = []
        for column in figure.columns:
            rule = rule_named(column.rule)
            settled = settle(figure.shared, setting, dynamics, rule, column.angle, sample)
            rates = learning_rates(
                settled.problem.network,
                settled.problem.parameters,
                [column.eta] * len(settled.problem.rest),
                train_input_bias=not (
                    rule.vector_field and setting.name == "prototypical" and dynamics == "published"
                ),
            )
            gradients = settled.gradients()
            kappa = kappa_of(settled.problem.network, rates, setting.beta)
            updates = settled.updates(setting.beta, kappa)
            if not chosen:
                by_name = gradients.by_name
                chosen = {
                    layer: chosen_elements(by_name[layer], figure.shared.seed) for layer in layers
                }
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
