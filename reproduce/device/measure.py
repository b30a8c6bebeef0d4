"""How far an inexact correction is from BPTT, and what it trains to."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from statistics import mean
from typing import Any

import torch

from cep_core.activations import activation_named
from cep_core.check.bptt import nabla
from cep_core.check.delta import delta
from cep_core.check.measures import angle_of_totals, worst_error
from cep_core.check.processes import Processes
from cep_core.data.mnist import CLASSES, Dataset
from cep_core.learning import one_hot
from cep_core.networks import Prototypical
from cep_core.phases import free_phase
from cep_core.problem import Problem
from cep_core.rules import C_VF, CORRECTED_C_VF, SLOPED_C_VF, Rule
from cep_core.runs.row import Row
from cep_core.runs.short import short_training
from cep_core.training.epochs import as_input
from reproduce.device.inexact import Inexact

BETA = 1e-6
"""Small enough that what is left is the correction's own error."""

NUDGED = 10
"""Digits on which the updates are held against BPTT."""


@dataclass(frozen=True)
class Variant:
    """A way of correcting.

    Attributes:
        name: for a reader.
        rule: what learns.
        options: of :class:`Inexact`.

    """

    name: str
    rule: Rule
    options: dict[str, Any]


def variants() -> tuple[Variant, ...]:
    """The exact correction, inexact ones, and none."""
    corrected: list[tuple[str, dict[str, Any]]] = [
        ("exact", {}),
        ("1 % mismatch", {"mismatch": 0.01}),
        ("10 % mismatch", {"mismatch": 0.1}),
        ("30 % mismatch", {"mismatch": 0.3}),
        ("J of the mini-batch's mean", {"slopes_at_rest": "mean"}),
        ("slopes left out of the correction", {"slopes_at_rest": "none"}),
        ("slopes left out everywhere", {"slopes_at_rest": "none", "sloped": False}),
    ]
    return (
        *(Variant(name, CORRECTED_C_VF, options) for name, options in corrected),
        Variant("no correction, with the slope", SLOPED_C_VF, {}),
        Variant("no correction, as published", C_VF, {}),
    )


def network_of(row: Row, variant: Variant) -> Inexact:
    """The row's network with the variant's correction."""
    activations = (activation_named(row.activation),) * (len(row.sizes) - 1)
    return Inexact(activations, **variant.options)


def gdu_errors(row: Row, data: Dataset, seed: int) -> Iterator[dict[str, float | str]]:
    """Distance of every variant's updates to minus BPTT's gradients, at ``kappa = 0``.

    Yields:
        ``neurons`` and ``parameters``: the largest ``||Delta + nabla|| / ||nabla||`` of a layer
        and of a parameter; ``angle``: degrees between the totals.

    """
    x = as_input(data.train_images[:NUDGED], torch.float64)
    y = one_hot(data.train_labels[:NUDGED], CLASSES, torch.float64)
    theta = row.initial(seed, torch.float64)
    plain = Prototypical((activation_named(row.activation),) * (len(row.sizes) - 1))
    rest = free_phase(plain, x, theta, steps=2000, tolerance=1e-14).state
    gradients = nabla(Problem(plain, x, y, theta, steady=rest), steps=row.nudged_steps)
    for variant in variants():
        problem = Problem(network_of(row, variant), x, y, theta, steady=rest)
        found = delta(problem, variant.rule, beta=BETA, kappa=0.0, steps=row.nudged_steps)
        yield {
            "variant": variant.name,
            "neurons": worst_error(Processes(found.state, {}), Processes(gradients.state, {}))[0],
            "parameters": worst_error(
                Processes((), found.parameters), Processes((), gradients.parameters)
            )[0],
            "angle": angle_of_totals(found, gradients),
        }


def trained(
    row: Row,
    data: Dataset,
    variant: Variant,
    seed: int,
    *,
    epochs: int,
    progress: Callable[[int], object] | None = None,
) -> list[float]:
    """Test error in percent after every epoch, by the definition in float32."""
    errors = short_training(
        row,
        data,
        seed,
        network=network_of(row, variant),
        rule=variant.rule,
        epochs=epochs,
        progress=progress,
    )
    return [test_error for _, test_error in errors]


def summary(errors: list[list[float]], last: int) -> dict[str, float]:
    """Mean and range, over seeds, of the mean over the last epochs."""
    ends = [mean(of_seed[-last:]) for of_seed in errors]
    return {"mean": mean(ends), "least": min(ends), "most": max(ends)}
