"""Theorem 1: the updates of C-EP follow the gradients of BPTT, at every step.

If the free phase has settled, ``s_T = … = s_{T-K} = s_*``, then for ``t = 0 … K-1``

    lim_{beta -> 0} lim_{eta -> 0} Delta_s(beta, eta, t)     = -nabla_s(t)
    lim_{beta -> 0} lim_{eta -> 0} Delta_theta(beta, eta, t) = -nabla_theta(t)

(C-EP paper, section 3). ``Delta`` is read off the nudged phase run on power series in ``beta``, and
``nabla`` off the unrolled free phase, perturbed entry by entry. Equality is of polynomials in the
weights, inputs, targets, ``dt`` and derivatives of the activation, so it holds for all of them.

Both sides solve one linear recurrence, which is derived here and not assumed:

    Delta_s(t+1) = J Delta_s(t),     Delta_theta(t) = d^2 Phi / dtheta ds  Delta_s(t),
    nabla_s(t+1) = J^T nabla_s(t),   nabla_theta(t) = (dF/dtheta)^T nabla_s(t),

and they agree because ``J`` is symmetric and ``d^2 Phi / dtheta ds = (dF/dtheta)^T``.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np

from cep_core.rules import C_EP, Rule
from theory.arithmetic.polynomials import FlintRing, SympyRing
from theory.arithmetic.series import quotient
from theory.arithmetic.tape import unrolled_gradients
from theory.case import Case, Level, Outcome
from theory.methods.linear import (
    by_parameter,
    flat,
    increment_jacobian,
    jacobian,
    layered,
    loss_gradient,
    parameter_jacobian,
    processes,
)
from theory.methods.perturbation import (
    Processes,
    delta_side,
    everything,
    nabla_side,
    neurons_of,
    parameters_of,
    scaled,
)
from theory.methods.symbolic import all_of, identity, undecided_off_the_steady_state
from theory.points.generic_primitive import generic_primitive
from theory.points.steady import SymbolicPoint, energy_based

CLAIM = "C-EP's updates equal minus BPTT's gradients in the limit: Delta(t) -> -nabla(t), all t < K"
EVERYWHERE = (
    "every weight, input, target, dt, settled state and activation (twice differentiable there)"
)
VARIANTS = {"rho' on every layer": False, "identity at the output": True}
CAPACITY = 150


@undecided_off_the_steady_state
def theorem_at(
    point: SymbolicPoint,
    *,
    steps: int,
    rule: Rule = C_EP,
    bptt: Callable[..., Processes] = nabla_side,
    part: Callable[[Processes], Processes] = everything,
) -> Outcome:
    """Compare both sides at a point: ``Delta`` as run, ``-nabla`` as unrolled.

    Args:
        point: the network at a steady state.
        steps: ``K``.
        rule: the learning rule.
        bptt: how BPTT is obtained; replaced by a second way.
        part: of the processes, if not all are to be compared.

    """
    left = delta_side(point, rule, steps=steps)
    right = scaled(bptt(point, steps=steps), -1 * point.network.time_scale)
    return identity(point.ring, part(left), part(right))


@undecided_off_the_steady_state
def recurrences_at(point: SymbolicPoint, *, steps: int) -> Outcome:
    """Derive the four recurrences and the two symmetries from the definition."""
    ring, dt = point.ring, point.network.time_scale
    J, A, E = jacobian(point), parameter_jacobian(point), increment_jacobian(point)
    delta, nabla = delta_side(point, C_EP, steps=steps), nabla_side(point, steps=steps)
    layers = [f"s_{n}" for n in range(len(point.state))]
    forth = [flat([delta[s][t] for s in layers]) for t in range(steps)]
    back = [flat([nabla[s][t] for s in layers]) for t in range(steps)]
    gradient = loss_gradient(point)
    start = np.empty(gradient.shape, dtype=object)
    start[:] = [-dt * g for g in gradient]
    minus_gradient = processes(
        [layered(point, start)] + [layered(point, J @ u) for u in forth[:-1]]
    )
    return all_of(
        {
            "J symmetric": identity(ring, {"J": [J]}, {"J": [J.T]}),
            "mixed derivatives equal": identity(ring, {"E": [E * point.batch]}, {"E": [A.T]}),
            "Delta_s(t+1) = J Delta_s(t)": identity(ring, neurons_of(delta), minus_gradient),
            "Delta_theta(t) = E Delta_s(t)": identity(
                ring, parameters_of(delta), processes([by_parameter(point, E @ u) for u in forth])
            ),
            "nabla_s(t+1) = J^T nabla_s(t)": identity(
                ring,
                neurons_of(nabla),
                processes(
                    [layered(point, gradient)] + [layered(point, J.T @ g) for g in back[:-1]]
                ),
            ),
            "nabla_theta(t) = (dF/dtheta)^T nabla_s(t)": identity(
                ring,
                parameters_of(nabla),
                processes([by_parameter(point, quotient(A.T @ g, point.batch)) for g in back]),
            ),
        }
    )


def nabla_by_tape(point: SymbolicPoint, *, steps: int) -> Processes:
    """BPTT a second way: reverse-mode differentiation, with a copy of ``theta`` for each step."""
    found = unrolled_gradients(
        point.network, point.x, point.y, point.parameters, point.state, steps=steps
    )
    layers = {
        f"s_{n}": [state[n].constant for state in found.states] for n in range(len(point.state))
    }
    return layers | {
        name: [step[name].constant for step in found.parameters] for name in point.parameters
    }


def _energy_based(
    ring: type[FlintRing | SympyRing], shape: str, steps: int, *, linear: bool, batch: int = 1
) -> Outcome:
    point = energy_based(ring(CAPACITY), shape, linear_output=linear, batch=batch)
    return theorem_at(point, steps=steps)


def _by_tape(shape: str, steps: int, *, linear: bool) -> Outcome:
    point = energy_based(FlintRing(CAPACITY), shape, linear_output=linear)
    return theorem_at(point, steps=steps, bptt=nabla_by_tape)


def _recurrences(shape: str, steps: int, *, linear: bool) -> Outcome:
    point = energy_based(FlintRing(CAPACITY), shape, linear_output=linear)
    return recurrences_at(point, steps=steps)


def _any_primitive_function(neurons: int, parameters: int, steps: int) -> Outcome:
    return theorem_at(generic_primitive(FlintRing(200), neurons, parameters), steps=steps)


def cases() -> tuple[Case, ...]:
    """Return the cases of Theorem 1 in the energy-based setting, and for any primitive function."""
    case = partial(Case, "theorem1", level=Level.SYMBOLIC)
    found = []
    for variant, linear in VARIANTS.items():
        energy = f"energy-based, {variant}"
        for shape, steps, cost in (
            ("2-3-2", 10, 3),
            ("3-4-3", 7, 4),
            ("2-3-3-2", 7, 4),
            ("5-8-5", 5, 5),
        ):
            found.append(
                case(
                    energy,
                    CLAIM,
                    EVERYWHERE,
                    "polynomial jets (FLINT)",
                    f"{shape}, K = {steps}",
                    decide=partial(_energy_based, FlintRing, shape, steps, linear=linear),
                    cost=cost,
                )
            )
        found += [
            case(
                energy,
                CLAIM,
                EVERYWHERE,
                "polynomial jets (SymPy rings)",
                "2-3-2, K = 6 (SymPy)",
                decide=partial(_energy_based, SympyRing, "2-3-2", 6, linear=linear),
                cost=10,
            ),
            case(
                energy,
                CLAIM,
                EVERYWHERE,
                "polynomial jets (FLINT)",
                "2-2-2, mini-batch of 2, K = 6",
                decide=partial(_energy_based, FlintRing, "2-2-2", 6, linear=linear, batch=2),
                cost=5,
            ),
            case(
                f"{energy}: BPTT in reverse mode",
                CLAIM,
                EVERYWHERE,
                "polynomial jets, reverse-mode tape (FLINT)",
                "3-4-3, K = 6",
                decide=partial(_by_tape, "3-4-3", 6, linear=linear),
            ),
            case(
                f"{energy}: recurrences",
                "Delta_s(t+1) = J Delta_s(t) and nabla_s(t+1) = J^T nabla_s(t), J symmetric",
                EVERYWHERE,
                "derived by perturbation (FLINT)",
                "2-3-3-2, K = 6",
                decide=partial(_recurrences, "2-3-3-2", 6, linear=linear),
            ),
        ]
    found.append(
        case(
            "any primitive function",
            CLAIM,
            "every primitive function, three times differentiable; not only linear in theta",
            "Taylor coefficients of Phi as symbols (FLINT)",
            "3 neurons, 2 parameters, K = 6",
            decide=partial(_any_primitive_function, 3, 2, 6),
        )
    )
    return tuple(found)
