"""Counted operations of one mini-batch, after the algebra has saved what it can.

A multiplication and an addition count as two operations; only matrix products are counted.
"""

from __future__ import annotations

import itertools

from cep_core.rules import rule_named
from cep_core.runs.row import Row


def product(rows: int, inner: int, columns: int) -> int:
    """Count the operations of a ``(rows, inner) @ (inner, columns)`` product."""
    return 2 * rows * inner * columns


def per_mini_batch(row: Row) -> int:
    """Count the operations of one mini-batch of a row.

    Per step, one product for each direction of every edge between layers; per mini-batch, the
    input's signal and the update of each matrix (two Hebbian terms for tied weights between
    layers, one for the input); for the continual rules what keeps track of the moving weights;
    for the correction two more products per direction of every edge and nudged step.
    """
    rule = rule_named(row.rule)
    inputs, *neurons = row.sizes
    batch, steps = row.batch, row.free_steps + row.nudged_steps
    edges = list(itertools.pairwise(neurons))
    between = sum(2 * product(batch, a, b) for a, b in edges)
    at_ends = 2 * product(batch, inputs, neurons[0])
    if not rule.vector_field:
        at_ends += between
    total = steps * between + at_ends
    if row.rule == "C-EP":
        total += product(batch, inputs, batch) + row.nudged_steps * _telescoped(row)
    if rule.vector_field:
        total += product(batch, inputs, batch) + row.nudged_steps * _written(row, between)
    if rule.corrected:
        total += 2 * row.nudged_steps * between
    return total


def _coefficients(row: Row) -> int:
    """One ``(B, n) @ (n, B)`` product for each direction of every edge."""
    pairs = itertools.pairwise(row.sizes[1:])
    return sum(product(row.batch, a + b, row.batch) for a, b in pairs)


def _applied(row: Row) -> int:
    """One ``(B, B) @ (B, n)`` product for each layer."""
    return sum(product(row.batch, row.batch, size) for size in row.sizes[1:])


def _telescoped(row: Row) -> int:
    """C-EP, per nudged step: coefficients of the states and the steady states, both applied."""
    return 2 * _coefficients(row) + 2 * _applied(row)


def _written(row: Row, between: int) -> int:
    """C-VF, per nudged step: weights written, biases and input applied.

    Every second step also sees the increment that shares its product: coefficients, applied.
    """
    return between + _applied(row) + _coefficients(row)


def largest_product(row: Row) -> tuple[int, int, int]:
    """Rows, inner size and columns of the product on which a row spends most operations."""
    inputs, *neurons = row.sizes
    steps = row.free_steps + row.nudged_steps
    costs = {
        (2 * row.batch, a, b): steps * product(row.batch, a, b)
        for a, b in itertools.pairwise(neurons)
    }
    costs[row.batch, inputs, neurons[0]] = 2 * product(row.batch, inputs, neurons[0])
    return max(costs, key=lambda shape: (costs[shape], shape))
