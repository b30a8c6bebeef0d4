"""How far given learning rates are from those at which the nudged phase stops settling.

The bound is that of :mod:`cep_core.check.stability`, as a multiple of the rates, for either sign of
``beta``: with a negative one the moving parameters feed back with the other sign.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from cep_core.arrays import Scalar
from cep_core.check.stability import SETTLED, arpack_error, largest_stable_kappa
from cep_core.phases import free_phase, kappa_of
from cep_core.problem import Problem
from cep_core.rules import Rule

LONGEST = 20_000
"""Transitions after which a free phase that still moves counts as one that does not settle."""

HIGHEST = 1e3
"""Multiples of the learning rates above which no bound is looked for."""


@dataclass(frozen=True)
class Margins:
    """Largest stable multiples of some learning rates.

    Attributes:
        positive: for ``beta > 0``; infinite if there is none below the highest that was tried,
            None where it is not defined (no steady state, a rule that is not continual).
        negative: for ``beta < 0``.
        radius: spectral radius of ``J`` at the steady state, at rate 0; None where there is none.
        why: why a margin is None.

    """

    positive: float | None
    negative: float | None
    radius: float | None
    why: str = ""


def margins(
    problem: Problem,
    rule: Rule,
    rates: Mapping[str, Scalar],
    beta: float,
    *,
    damping: float = 1.0,
    highest: float = HIGHEST,
    tolerance: float = 1e-3,
) -> Margins:
    """Largest stable multiples of learning rates at a problem's parameters. Needs SciPy.

    Args:
        problem: float64; ``steady``, if there is one, is where the free phase begins.
        rule: whose nudged phase it is.
        rates: ``eta`` of every parameter.
        beta: nudging strength; both signs are looked at.
        damping: factor on the rates during the nudged phase.
        highest: multiple above which no bound is looked for.
        tolerance: relative, on the multiples.

    Raises:
        ImportError: SciPy is not installed.

    """
    network, x, theta = problem.network, problem.x, problem.parameters
    refused = arpack_error()
    rest = free_phase(
        network, x, theta, steps=LONGEST, tolerance=SETTLED / 10, start=problem.steady
    )
    if not rest.converged:
        told = f"the free phase still moves by {rest.residual:.1e} after {rest.steps} transitions"
        return Margins(None, None, None, told)
    found: list[float | None] = []
    radius = None
    for sign in (1, -1):
        used = kappa_of(network, rates, sign * abs(beta))
        ratios = {name: float(k) * damping for name, k in used.items()}
        try:
            bound = largest_stable_kappa(
                network,
                x,
                theta,
                rest.state,
                ratios=ratios if rule.continual else dict.fromkeys(theta, 0.0),
                rule=rule if rule.continual else replace(rule, continual=True),
                highest=highest if rule.continual else 0.0,
                tolerance=tolerance,
            )
        except (ValueError, refused) as error:
            return Margins(None, None, None, str(error))
        radius = bound.radius_free
        found.append(bound.kappa if rule.continual else None)
    told = "" if rule.continual else f"{rule.name} changes no parameter while it is nudged"
    return Margins(found[0], found[1], radius, told)
