"""The radius and the constant of ``uniform_error_bound`` (``theory/proof/Expansion.v``).

If ``|J| < 1`` they serve every ``t``: for ``|beta| + |kappa|`` up to the radius the error of the
neurons at step ``t`` is at most ``drift t rate^(t-1) |dl/ds| (|beta| + |kappa|)``, with
``rate = (1 + |J|) / 2``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flint import arb

from theory.methods.expansion import Constants
from theory.methods.norms import upper
from theory.methods.stepwise import lipschitz_phi


@dataclass(frozen=True)
class Uniform:
    """Names as in ``Expansion.v``; the radius is rounded down, the others up.

    Attributes:
        radius: ``uniform_radius``, of ``|beta dt| + |kappa|``.
        rate: ``uniform_rate``.
        drift: ``uniform_drift``.

    """

    radius: Any
    rate: Any
    drift: Any


def uniform(c: Constants, gradient: Any) -> Uniform | None:
    """Evaluate them, or return None where ``|J|`` is not below 1.

    Args:
        c: the network's constants; they bound every change of the parameters, so that these
            do not limit the radius.
        gradient: bound of ``|dl/ds|`` at rest.

    """
    if not c.size_J < 1:
        return None
    rate = upper((1 + c.size_J) / 2)
    state = upper(gradient / (1 - rate))
    param = lipschitz_phi(c, c.radius) * state
    curvature = 2 * c.size_T * state + c.cubic_Phi * state**2
    drift = upper(
        2 * c.size_Q * state
        + c.size_B**2
        + c.size_H
        + c.cubic_F * state**2
        + 2 * c.mixed_F * param
        + c.size_B * curvature
    )
    limits = [(1 - c.size_J) / (1 + 2 * drift), c.radius / (1 + state)]
    return Uniform(min([arb(1), *(arb(e.lower()) for e in limits)]), rate, drift)
