"""What a run trains, as far as the loop over epochs and the record of a run ask."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import torch

from cep_core.data.mnist import Dataset
from cep_core.phases import free_phase
from cep_core.runs.row import Row
from cep_core.training.epochs import as_input

MEASURED = 100
"""Images of the test set, the first, on which measures are taken."""

DIGITS = 6
"""Significant digits of what is measured for a reader."""

Measures = Callable[[Dataset, Mapping[str, torch.Tensor]], dict[str, Any]]
"""What is recorded at some parameters besides the errors: numbers, or tables of them, by name."""


@dataclass(frozen=True)
class Subject:
    """A row of the table, or a run of an experiment.

    Attributes:
        name: as results name it.
        title: what a reader is told of it.
        epochs: length of a whole training.
        batch: samples of a mini-batch.
        classes: size of the targets.
        measures: see :data:`Measures`.
        measured_over: what these are taken over, as fields of the results.
        why_diverged: likely causes of a parameter that is not finite.
        samples: how many training samples are used, the first; all if None.
        positive_probability: of ``beta``, drawn for every mini-batch.
        measured_before: whether it is measured before training too, so that the columns of the
            measures have one entry more than those of the errors.

    """

    name: str
    title: str
    epochs: int
    batch: int
    classes: int
    measures: Measures
    measured_over: dict[str, str]
    why_diverged: str
    samples: int | None = None
    positive_probability: float = 1.0
    measured_before: bool = False


def of_row(row: Row) -> Subject:
    """A row of the table.

    Measured are ``residual``, the largest change of any unit in the free phase's last transition,
    ``max |s_T - s_{T-1}|``, of the definition on the first :data:`MEASURED` test images; and the
    Frobenius ``norms`` of the parameters by name. None stands for what is not finite.
    """

    def measures(data: Dataset, parameters: Mapping[str, torch.Tensor]) -> dict[str, Any]:
        dtype = next(iter(parameters.values())).dtype
        x = as_input(data.test_images[:MEASURED], dtype)
        residual = free_phase(row.network, x, dict(parameters), steps=row.free_steps).residual
        norms = {name: rounded(float(value.double().norm())) for name, value in parameters.items()}
        return {"residual": rounded(residual), "norms": norms}

    steepest = max(row.learning_rates) / row.beta
    return Subject(
        name=row.name,
        title=row.title,
        epochs=row.epochs,
        batch=row.batch,
        classes=row.sizes[-1],
        measures=measures,
        measured_over={"residual_over": f"the first {MEASURED} test images"},
        why_diverged="beta or learning rates too large, or rates too large for beta (rate / beta "
        f"is {steepest:.3g})",
        samples=row.samples,
        positive_probability=row.positive_probability,
    )


def rounded(value: float) -> float | None:
    """A measure for a reader; None if it is not finite."""
    return float(f"{value:.{DIGITS}g}") if math.isfinite(value) else None
