"""Linear maps at the steady state, derived by perturbing the definition one entry at a time.

States are flattened to vectors: layer by layer, the output first, each as ``(B, size_n)`` by rows;
parameters likewise, in the order of their dictionary.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from cep_core.arrays import Scalar
from theory.arithmetic.series import Elements, Series, boxed, perturbed
from theory.methods import definition
from theory.methods.perturbation import Processes
from theory.points.steady import SymbolicPoint


def flat(arrays: Sequence[Elements]) -> Elements:
    """One vector of all entries."""
    return np.concatenate([a.ravel() for a in arrays])


def layered(point: SymbolicPoint, vector: Elements) -> dict[str, Elements]:
    """Cut a state vector into its layers ``s_0``, ``s_1`` and so on."""
    return _cut({f"s_{n}": s.shape for n, s in enumerate(point.state)}, vector)


def by_parameter(point: SymbolicPoint, vector: Elements) -> dict[str, Elements]:
    """Cut a parameter vector into ``W_0_1``, ``b_0`` and so on."""
    return _cut({name: value.shape for name, value in point.parameters.items()}, vector)


def _cut(shapes: Mapping[str, tuple[int, ...]], vector: Elements) -> dict[str, Elements]:
    found, start = {}, 0
    for name, shape in shapes.items():
        size = int(np.prod(shape))
        found[name] = vector[start : start + size].reshape(shape)
        start += size
    return found


def processes(rows: Sequence[dict[str, Elements]]) -> Processes:
    """Turn one dictionary per time into one series of arrays per name."""
    return {name: [row[name] for row in rows] for name in rows[0]}


def _perturbed_states(point: SymbolicPoint) -> list[tuple[Series, ...]]:
    found = []
    for n, layer in enumerate(point.state):
        for index in np.ndindex(*layer.shape):
            moved = list(point.state)
            moved[n] = perturbed(layer, index)
            found.append(tuple(moved))
    return found


def jacobian(point: SymbolicPoint) -> Elements:
    """``J = dF/ds`` at the steady state, samples stacked."""
    columns = [
        flat([s.coefficient(1) for s in point.network.transition(point.x, moved, point.parameters)])
        for moved in _perturbed_states(point)
    ]
    return np.stack(columns, axis=1)


def parameter_jacobian(point: SymbolicPoint) -> Elements:
    """``dF/dtheta`` at the steady state."""
    columns = []
    for name, value in point.parameters.items():
        for index in np.ndindex(*value.shape):
            theta = point.parameters | {name: perturbed(value, index)}
            after = point.network.transition(point.x, point.state, theta)
            columns.append(flat([s.coefficient(1) for s in after]))
    return np.stack(columns, axis=1)


def increment_jacobian(point: SymbolicPoint) -> Elements:
    """``d^2 Phi / dtheta ds`` at the steady state: the increment that a change of state makes."""
    columns = []
    for moved in _perturbed_states(point):
        gradient = point.network.primitive_gradient(point.x, moved, point.parameters)
        columns.append(flat([gradient[name].coefficient(1) for name in point.parameters]))
    return np.stack(columns, axis=1)


def loss_gradient(point: SymbolicPoint) -> Elements:
    """``dl/ds`` at the steady state, by the definition of the loss; zero off the output."""
    output = definition.loss_gradient(point.state[0], point.y)
    return flat([output.constant, *((s * 0).constant for s in point.state[1:])])


def nudge_response(point: SymbolicPoint, gradient: Elements) -> Elements:
    """``-time_scale D gradient``: the first change of the state per unit of ``beta``.

    The definition, with the slopes ``D`` where the nudge goes through an activation; not what the
    network makes of a nudge.
    """
    output = layered(point, gradient)["s_0"] * boxed(-1 * point.network.time_scale)
    slopes = definition.slopes(point.network, point.x, point.state, point.parameters)
    if slopes is not None:
        output = output * slopes[0].constant
    return flat([output, *((s * 0).constant for s in point.state[1:])])


def second_order(point: SymbolicPoint, direction: Elements) -> tuple[Elements, Elements]:
    """Halved second derivatives of ``F`` and of ``dPhi/dtheta`` along a direction of the state.

    The point must be on series of order 2 at least.
    """
    parts = layered(point, direction)
    moved = tuple(
        s + Series((boxed(0), parts[f"s_{n}"]), s.order) for n, s in enumerate(point.state)
    )
    after = point.network.transition(point.x, moved, point.parameters)
    gradient = point.network.primitive_gradient(point.x, moved, point.parameters)
    return (
        flat([s.coefficient(2) for s in after]),
        flat([gradient[name].coefficient(2) for name in point.parameters]),
    )


def per_entry(point: SymbolicPoint, kappa: Mapping[str, Scalar]) -> Elements:
    """Spread one number per parameter over the entries of the parameter vector."""
    found: list[Any] = []
    for name, value in point.parameters.items():
        found += [kappa[name]] * int(np.prod(value.shape))
    vector = np.empty(len(found), dtype=object)
    vector[:] = found
    return vector
