"""Theorem 1 asks for a primitive function, not for a chain of layers.

With a skip connection, a lateral one, or a loop whose edges are tied, ``Phi`` is the sum over the
edges of the products of the signals at both ends, and C-EP's updates are minus BPTT's gradients at
every step. A loop that signals go round in one direction has no primitive function: C-VF's updates
are not those gradients, and they miss them by ``((J^T)^t - J^t) dl/ds``, as for untied layers.
"""

from __future__ import annotations

from functools import partial

from cep_core.networks import Edge
from cep_core.rules import C_VF
from theory.arithmetic.polynomials import FlintRing
from theory.case import Answer, Case, Level, Outcome
from theory.points.steady import energy_based, prototypical
from theory.points.topologies import ring, with_lateral, with_skip
from theory.statements import prototypical as prototypical_setting
from theory.statements import theorem1
from theory.statements.vector_field import error_at

EVERYWHERE = "every weight, input, target, dt, settled state and activation"
CLAIM = "C-EP's updates equal minus BPTT's gradients in the limit, whatever the graph of layers"
CAPACITY = 200

GRAPHS: dict[str, tuple[str, tuple[Edge, ...]]] = {
    "a skip connection": ("2-3-2-2", with_skip(3)),
    "a lateral connection": ("2-3-2", with_lateral(2)),
    "a loop, tied": ("2-2-3-2", ring(3, tied=True)),
}
ONE_WAY = ("2-2-3-2", ring(3, tied=False))
STEPS = 6


def _energy_based(shape: str, edges: tuple[Edge, ...]) -> Outcome:
    return theorem1.theorem_at(energy_based(FlintRing(CAPACITY), shape, edges=edges), steps=STEPS)


def _prototypical(shape: str, edges: tuple[Edge, ...]) -> Outcome:
    point = prototypical(FlintRing(CAPACITY), shape, edges=edges)
    return prototypical_setting.theorem_at(point, steps=STEPS)


def _one_way() -> Outcome:
    shape, edges = ONE_WAY
    point = energy_based(FlintRing(CAPACITY), shape, edges=edges)
    return theorem1.theorem_at(point, steps=STEPS, rule=C_VF)


def _error_of_one_way() -> Outcome:
    shape, edges = ONE_WAY
    point = energy_based(FlintRing(CAPACITY), shape, edges=edges)
    return error_at(point, steps=STEPS, sloped=False)


def cases() -> tuple[Case, ...]:
    """Return the cases: each graph in both settings, and the one-way loop."""
    case = partial(
        Case,
        "topologies",
        where=EVERYWHERE,
        method="polynomial jets (FLINT)",
        level=Level.SYMBOLIC,
    )
    found = []
    for name, (shape, edges) in GRAPHS.items():
        size = f"{shape}, K = {STEPS}"
        found.append(
            case(
                f"energy-based, {name}",
                CLAIM,
                size=size,
                decide=partial(_energy_based, shape, edges),
                cost=3,
            )
        )
        found.append(
            case(
                f"prototypical, nudge inside, {name}",
                CLAIM,
                size=size,
                decide=partial(_prototypical, shape, edges),
                cost=3,
            )
        )
    size = f"{ONE_WAY[0]}, K = {STEPS}"
    found.append(
        case(
            "energy-based, a loop in one direction",
            "C-VF's updates equal minus BPTT's gradients though no edge is tied",
            size=size,
            decide=_one_way,
            expected=Answer.REFUTED,
            cost=3,
        )
    )
    found.append(
        case(
            "energy-based, a loop in one direction: the error",
            "Delta_s(t) + nabla_s(t) = ((J^T)^t - J^t) dl/ds, and (dF/dtheta)^T of it",
            size=size,
            decide=_error_of_one_way,
            cost=3,
        )
    )
    return tuple(found)
