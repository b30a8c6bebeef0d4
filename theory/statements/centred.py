"""The centred estimator is of second order in the nudging strength.

With ``Delta_theta(beta)`` the normalised total update of EP,

    (Delta_theta(beta) + Delta_theta(-beta)) / 2 = -sum_{t < K} nabla_theta(t) + O(beta^2),

where one phase alone has an error of first order. (Of second order and not of a higher one: the
coefficient of ``beta^2`` does not vanish.) Both phases start from the same steady state.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from cep_core.rules import EP
from theory.arithmetic.polynomials import FlintRing
from theory.arithmetic.series import Elements, quotient
from theory.case import Answer, Case, Level, Outcome
from theory.methods.perturbation import Processes, delta_side, nabla_side, scaled
from theory.methods.symbolic import identity, undecided_off_the_steady_state
from theory.points.steady import SymbolicPoint, energy_based, prototypical


def _total(processes: Processes, names: Sequence[str]) -> Processes:
    return {name: [_sum(processes[name])] for name in names}


def _sum(values: list[Elements]) -> Elements:
    total = values[0]
    for value in values[1:]:
        total = total + value
    return total


@undecided_off_the_steady_state
def coefficient_at(point: SymbolicPoint, *, steps: int, power: int, centred: bool) -> Outcome:
    """Compare one coefficient, in powers of ``beta``, of the total update with what it should be.

    That is minus the total gradient for power 0, and zero for the higher ones. A coefficient is
    compared after the total gradient is added to both sides, so that a zero is not mistaken for a
    comparison of nothing.
    """
    theta = list(point.parameters)
    gradient = _total(scaled(nabla_side(point, steps=steps), -1 * point.network.time_scale), theta)
    found = _total(delta_side(point, EP, steps=steps, power=power + 1), theta)
    if centred:
        other = _total(delta_side(point, EP, steps=steps, power=power + 1, sign=-1), theta)
        found = {n: [quotient(found[n][0] + other[n][0], 2)] for n in theta}
    if power > 0:
        found = {n: [found[n][0] + gradient[n][0]] for n in theta}
    return identity(point.ring, found, gradient)


def _decide(setting: str, power: int, *, centred: bool) -> Outcome:
    make = energy_based if setting == "energy-based" else prototypical
    point = make(FlintRing(150), "2-2-2", order=power + 1)
    return coefficient_at(point, steps=3, power=power, centred=centred)


def cases() -> tuple[Case, ...]:
    """Return the cases of the centred estimator."""
    found = []
    for setting in ("energy-based", "prototypical"):
        for variant, claim, power, centred, expected in (
            ("limit", "centred = -sum nabla_theta + O(beta)", 0, True, Answer.HOLDS),
            ("no first-order term", "centred has no term in beta", 1, True, Answer.HOLDS),
            ("no second-order term", "centred has no term in beta^2", 2, True, Answer.REFUTED),
            ("one phase alone", "EP with one phase has no term in beta", 1, False, Answer.REFUTED),
        ):
            found.append(
                Case(
                    "centred",
                    f"{setting}: {variant}",
                    claim,
                    "every weight, input, target, settled state and activation",
                    f"polynomial jets of order {power + 1} (FLINT)",
                    "2-2-2, K = 3",
                    Level.SYMBOLIC,
                    partial(_decide, setting, power, centred=centred),
                    expected,
                )
            )
    return tuple(found)
