"""Wrong lines of estimators without symmetry and of homeostasis, under methods of their own."""

from __future__ import annotations

from functools import partial

from cep_core.estimators import PointsOnCircle
from cep_core.estimators.nudged import _mean_over_points, nudged_states
from cep_core.homeostasis import blocks, quadratic_form
from cep_core.networks.prototypical import Prototypical
from theory.case import Level, Outcome
from theory.methods.symbolic import all_of
from theory.mutants.kind import BIAS, CIRCLE, DRAWS, OF_HOMEOSTASIS, Mutant, all_but, because
from theory.mutants.planted import edit
from theory.statements.homeostasis_bias import bias_at, make, sum_at
from theory.statements.homeostasis_draws import mean_at, variance_at
from theory.statements.points_on_circle import Small, code_at

GRAPH, SHAPE, DRAWN = "weights of their own both ways", "2-3-2", "1-2-2"
SMALL = (3, 3, 2)

mutant = partial(Mutant, methods=OF_HOMEOSTASIS)
_NOT_DRAWN = because("nothing is drawn", *all_but(DRAWS, among=OF_HOMEOSTASIS))
_NOT_ESTIMATED = because("nothing is estimated", *all_but(CIRCLE, among=OF_HOMEOSTASIS))

HOMEOSTASIS = (
    mutant(
        "blocks of W the other way round",
        (
            edit(
                blocks,
                "add(edge.target, edge.source, parameters[edge.name])",
                "add(edge.source, edge.target, parameters[edge.name].T)",
            ),
        ),
        inapplicable=because("the weights are used as they are", CIRCLE),
    ),
    mutant(
        "W and W^T exchanged in the correction, nudge inside",
        (edit(Prototypical.asymmetry, "(f - b) * d", "(b - f) * d"),),
        inapplicable=because("no nudged phase in this statement", DRAWS),
        unseen=because("the enclosed and the estimated phase have the same correction", CIRCLE),
    ),
    mutant(
        "homeostatic loss without eps^T J^2 eps",
        (edit(quadratic_form, "f * f - b * f", "f * f"),),
        inapplicable=_NOT_DRAWN,
    ),
    mutant(
        "J in place of J^T in the homeostatic loss",
        (edit(quadratic_form, "at=eps, transposed=True", "at=eps"),),
        inapplicable=_NOT_DRAWN,
    ),
    mutant(
        "gradient of |J eps|^2 halved",
        (edit(quadratic_form, "f * 2 - b for", "f - b for"),),
        inapplicable=_NOT_DRAWN,
    ),
    mutant(
        "sign of the gradient of eps^T J^2 eps",
        (edit(quadratic_form, "e * -1 for e in eps", "e for e in eps"),),
        inapplicable=_NOT_DRAWN,
    ),
    mutant(
        "nudge of the wrong sign",
        (edit(nudged_states, "* -beta", "* beta"),),
        inapplicable=_NOT_ESTIMATED,
    ),
    mutant(
        "one of two conjugate points left out",
        (edit(PointsOnCircle.__call__, "else 2.0 for k", "else 1.0 for k"),),
        inapplicable=_NOT_ESTIMATED,
    ),
    mutant(
        "points not on a whole circle",
        (edit(PointsOnCircle.__call__, "k / self.points)", "k / (self.points + 1))"),),
        inapplicable=_NOT_ESTIMATED,
    ),
    mutant(
        "displacement not divided by its beta",
        (edit(_mean_over_points, "s / b * w", "s / b.abs() * w"),),
        inapplicable=_NOT_ESTIMATED,
    ),
)


def _bias(_: Mutant) -> Outcome:
    parts = {
        "identity": bias_at(make(SHAPE, GRAPH)),
        "sum": sum_at(make(SHAPE, GRAPH), steps=3),
        "corrected": sum_at(make(SHAPE, GRAPH), steps=3, corrected=True),
    }
    return all_of(parts)


def _draws(_: Mutant) -> Outcome:
    parts = {
        "mean": mean_at(DRAWN, GRAPH, published=False),
        "variance": variance_at(DRAWN, GRAPH, published=False),
    }
    return all_of(parts)


def _circle(_: Mutant) -> Outcome:
    return code_at(Small("both ways", SMALL), (3,))


METHODS = {
    BIAS: (_bias, Level.SYMBOLIC, SHAPE),
    DRAWS: (_draws, Level.SYMBOLIC, DRAWN),
    CIRCLE: (_circle, Level.CERTIFIED, "-".join(map(str, SMALL))),
}
"""As :data:`theory.mutants.table.METHODS`, for the statements on directed networks."""
