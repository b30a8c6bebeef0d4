"""C-VF: exact when symmetric, off by ``J^t - (J^T)^t`` otherwise; where the published runs depart.

With forward and backward weights of their own and the rule ``(dF/dtheta)^T (s_{t+1} - s_t)``,
in the limit of small ``beta`` and learning rate,

    Delta_s(t) + nabla_s(t) = -(J^t - (J^T)^t) dl/ds,

which is zero where the weights are symmetric, and in norm at most
``t |J - J^T| max(|J|, 1)^{t-1} |dl/ds|`` because, in any ring,

    J^t - (J^T)^t = sum_{i < t} J^i (J - J^T) (J^T)^{t-1-i}.

Two of the published energy-based dynamics are no gradients: the output drift without ``rho'(s^0)``
(symmetric weights), and the C-VF drift without any ``rho'``. Theorem 1 fails there.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import sympy

from cep_core.rules import C_EP, C_VF
from theory.arithmetic.polynomials import FlintRing
from theory.arithmetic.series import boxed
from theory.case import Answer, Case, Level, Outcome
from theory.methods.linear import flat, jacobian, layered, loss_gradient, nudge_response, processes
from theory.methods.perturbation import delta_side, nabla_side
from theory.methods.symbolic import identity, undecided_off_the_steady_state
from theory.points.steady import SymbolicPoint, energy_based, prototypical
from theory.statements import prototypical as prototypical_setting
from theory.statements import theorem1

EVERYWHERE = "every weight, input, target, dt, settled state and activation"
CAPACITY = 150


@undecided_off_the_steady_state
def error_at(point: SymbolicPoint, *, steps: int, sloped: bool) -> Outcome:
    """Compare ``Delta_s + nabla_s``, derived, with ``-(J^t - (J^T)^t) dl/ds``.

    With ``sloped`` (prototypical setting) the gradient is by pre-activation, and the error
    ``-(J^t D - D (J^T)^t) dl/ds``.
    """
    layers = [f"s_{n}" for n in range(len(point.state))]
    scale = flat(list(point.slopes)) if sloped else point.network.time_scale
    box = scale if sloped else boxed(scale)
    delta = delta_side(point, C_VF, steps=steps)
    nabla = nabla_side(point, steps=steps)
    J, gradient = jacobian(point), loss_gradient(point)
    forward, backward = nudge_response(point, gradient), gradient
    found, expected = [], []
    for t in range(steps):
        moved = flat([delta[s][t] for s in layers])
        found.append(layered(point, moved + flat([nabla[s][t] for s in layers]) * box))
        expected.append(layered(point, forward + backward * box))
        forward, backward = J @ forward, J.T @ backward
    return identity(point.ring, processes(found), processes(expected))


def _telescoping(steps: int) -> Outcome:
    """Expand the sum behind the bound in letters that do not commute."""
    first, second = sympy.symbols("J K", commutative=False)
    wrong = [
        t
        for t in range(1, steps + 1)
        if sympy.expand(
            sum(first**i * (first - second) * second ** (t - 1 - i) for i in range(t))
            - first**t
            + second**t
        )
        != 0
    ]
    numbers = {"powers": steps, "powers that fail": wrong}
    return Outcome(Answer.REFUTED if wrong else Answer.HOLDS, numbers)


def _energy(
    check: Callable[..., Outcome], shape: str, steps: int, backward: str, **options: object
) -> Outcome:
    point = energy_based(FlintRing(CAPACITY), shape, backward=backward)  # type: ignore[arg-type]
    return check(point, steps=steps, **options)


def _prototypical(
    check: Callable[..., Outcome], shape: str, steps: int, backward: str, **options: object
) -> Outcome:
    point = prototypical(FlintRing(CAPACITY), shape, backward=backward)  # type: ignore[arg-type]
    return check(point, steps=steps, **options)


def _departure(drift: str, *, continual_vector_field: bool) -> Outcome:
    point = energy_based(FlintRing(CAPACITY), "2-3-2", drift_slope=drift)  # type: ignore[arg-type]
    rule = C_VF if continual_vector_field else C_EP
    return theorem1.theorem_at(point, steps=4, rule=rule)


def cases() -> tuple[Case, ...]:
    """Return the cases of C-VF and of the published dynamics."""
    case = partial(
        Case,
        "vector_field",
        where=EVERYWHERE,
        method="polynomial jets (FLINT)",
        level=Level.SYMBOLIC,
    )
    settings: dict[str, tuple[Any, Callable[..., Outcome], bool]] = {
        "energy-based": (_energy, theorem1.theorem_at, False),
        "prototypical, nudge inside": (_prototypical, prototypical_setting.theorem_at, True),
    }
    found = []
    for setting, (make, theorem, sloped) in settings.items():
        for shape, steps in (("2-3-2", 6), ("2-3-3-2", 5)):
            size = f"{shape}, K = {steps}"
            for backward, variant in (("transposed", "symmetric"), ("tied", "tied weights")):
                found.append(
                    case(
                        f"{setting}: {variant}",
                        "C-VF with symmetric weights: Delta(t) -> -nabla(t), backward weights too",
                        size=size,
                        decide=partial(make, theorem, shape, steps, backward, rule=C_VF),
                    )
                )
            found += [
                case(
                    f"{setting}: asymmetric is exact",
                    "C-VF with asymmetric weights: Delta(t) -> -nabla(t)",
                    size=size,
                    decide=partial(make, theorem, shape, steps, "free", rule=C_VF),
                    expected=Answer.REFUTED,
                ),
                case(
                    f"{setting}: the error",
                    "C-VF: Delta_s(t) + nabla_s(t) -> -(J^t - (J^T)^t) dl/ds",
                    size=size,
                    decide=partial(make, error_at, shape, steps, "free", sloped=sloped),
                ),
            ]
    found += [
        Case(
            "vector_field",
            "the identity behind the bound",
            "J^t - (J^T)^t = sum_i J^i (J - J^T) (J^T)^(t-1-i), hence the bound in any norm",
            "every square matrix, t <= 10",
            "letters that do not commute (SymPy)",
            "any",
            Level.SYMBOLIC,
            partial(_telescoping, 10),
        ),
        case(
            "published output drift is exact",
            "C-EP with no rho' in the output's drift: Delta(t) -> -nabla(t)",
            size="2-3-2, K = 4",
            decide=partial(_departure, "hidden", continual_vector_field=False),
            expected=Answer.REFUTED,
        ),
        case(
            "published C-VF drift is exact",
            "C-VF with no rho' at all, symmetric weights: Delta(t) -> -nabla(t)",
            size="2-3-2, K = 4",
            decide=partial(_departure, "none", continual_vector_field=True),
            expected=Answer.REFUTED,
        ),
    ]
    return tuple(found)
