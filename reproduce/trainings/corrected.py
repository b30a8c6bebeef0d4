"""C-VF without symmetry: what the correction, and the slope alone, do to error and angle.

The angles are those of one mini-batch at the initial weights of seed 0, before any weight has
moved: as the rows train, and in the limit in which the theorem speaks.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import torch

from cep_core.check.delta import delta
from cep_core.check.measures import angle_of_totals
from cep_core.runs.digits import at_the_end_of_free, updates_of
from cep_core.runs.row import row_named
from reproduce.trainings.along import whole_gradient
from reproduce.trainings.claims import ANGLES

ROWS = {
    "C-VF-1h": "as published",
    "slope-C-VF-1h": "with the slope alone",
    "corrected-C-VF-1h": "corrected",
}
"""The rows that are compared, and what a reader is told of them."""

LIMIT = 1e-6
"""``beta`` in the limit, with ``kappa = 0`` and as many nudged steps as there are free ones."""


def angles_before(seed: int = 0) -> Iterator[dict[str, Any]]:
    """Degrees between the total update and minus BPTT's gradient, for every row and angle.

    Yields:
        ``row``, ``angle`` (initial, of the weights), ``used`` (at the row's ``beta`` and rates) and
        ``limit`` (``beta`` and ``kappa`` towards 0, the nudged phase as long as the free one).

    """
    for angle in ANGLES:
        rows = {name: row_named(name).changed(angle=angle) for name in ROWS}
        first = next(iter(rows.values()))
        problem, _ = at_the_end_of_free(first, first.initial(seed, torch.float64))
        gradient = whole_gradient(first, problem)
        for name, row in rows.items():
            rule = replace(row.procedure.rule, continual=False)
            limit = delta(problem, rule, beta=LIMIT, kappa=0.0, steps=row.free_steps)
            yield {
                "row": name,
                "angle": angle,
                "used": angle_of_totals(updates_of(row, problem, 1), gradient),
                "limit": angle_of_totals(limit, gradient),
            }
