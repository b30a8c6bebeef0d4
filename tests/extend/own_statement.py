"""A statement of one's own: the first update of the output is minus the gradient, for any kappa."""

from functools import partial

from cep_core import C_EP
from theory.arithmetic.polynomials import FlintRing
from theory.case import Case, Level
from theory.methods.perturbation import delta_side, nabla_side, scaled
from theory.methods.symbolic import identity
from theory.points.steady import energy_based


def first_step(shape):
    """Compare ``Delta_s(0)`` at a symbolic kappa with ``-dt nabla_s(0)``."""
    point = energy_based(FlintRing(100), shape)
    delta = delta_side(point, C_EP, steps=1, kappa=point.ring.symbol("kappa"))
    nabla = scaled(nabla_side(point, steps=1), -1 * point.network.time_scale)
    return identity(point.ring, {"s_0": delta["s_0"]}, {"s_0": nabla["s_0"]})


def cases():
    """Return the one case."""
    return (
        Case(
            "first_step",
            "energy-based",
            "Delta_s(0) = -nabla_s(0) at the output, whatever kappa",
            "every weight, input, target, dt, settled state and activation",
            "polynomial jets (FLINT)",
            "2-3-2",
            Level.SYMBOLIC,
            partial(first_step, "2-3-2"),
        ),
    )
