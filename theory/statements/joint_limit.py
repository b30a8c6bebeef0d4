"""The joint limit: at fixed ``kappa = eta / beta'``, C-EP follows BPTT of a modified network.

As ``beta -> 0`` with ``kappa`` held, the updates tend to

    Delta_s(t)     -> -(J + kappa G)^t dl/ds,
    Delta_theta(t) -> -(dF/dtheta)^T (J + kappa G)^t dl/ds,   G = (dF/dtheta)(dF/dtheta)^T,

so ``(beta, eta) -> 0`` jointly gives ``-nabla`` only if ``kappa -> 0`` too: the paper's order of
limits is essential. With a mini-batch, ``G`` acts on all samples stacked and carries ``1/B``; with
one learning rate per parameter it reads ``(dF/dtheta) diag(kappa) (dF/dtheta)^T``. In the
prototypical setting with the nudge inside, ``dl/ds`` is multiplied by the slopes, and the right
factor of ``G`` is ``da/dtheta`` in place of ``dF/dtheta``.

Leading terms of the error (``P = d^2 l / ds^2``, primes are derivatives at the steady state)

    in kappa:  -kappa sum_{i < t} J^i G J^{t-1-i} dl/ds,
    in beta:   (v_{t+1} - v_t) beta,  v_t = sum_{i < t} J^{t-1-i} (F''[u_i, u_i] / 2 - P u_i),
               u_t = -sum_{i < t} J^i dl/ds.

That the limit needs ``kappa -> 0`` is seen at ``t = 1``:

    <nabla_s(0), Delta_s(1) + nabla_s(1)> = -|diag(kappa)^{1/2} nabla_theta(0)|^2,

a sum of squares, zero for ``kappa > 0`` only if the gradient of the first step is.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import numpy as np

from cep_core.rules import C_EP, Rule
from theory.arithmetic.polynomials import FlintRing
from theory.arithmetic.series import Elements, boxed
from theory.case import Answer, Case, Level, Outcome
from theory.methods.linear import (
    by_parameter,
    flat,
    increment_jacobian,
    jacobian,
    layered,
    loss_gradient,
    nudge_response,
    parameter_jacobian,
    per_entry,
    processes,
    second_order,
)
from theory.methods.perturbation import Processes, delta_side, nabla_side, scaled
from theory.methods.symbolic import all_of, identity, undecided_off_the_steady_state
from theory.points.steady import SymbolicPoint, energy_based, prototypical

EVERYWHERE = "every kappa per layer, weight, input, target, dt, settled state and activation"
CAPACITY = 200


def kappa_per_layer(point: SymbolicPoint) -> dict[str, Any]:
    """Return one symbol for the weights and bias that enter each layer."""
    symbols = {str(n): point.ring.symbol(f"kappa_{n}") for n in range(len(point.state))}
    return {name: symbols[name.split("_")[1]] for name in point.parameters}


def modified_jacobian(point: SymbolicPoint, kappa: Mapping[str, Any]) -> Elements:
    """``J + (dF/dtheta) diag(kappa) d^2 Phi/dtheta ds``, the second factor a mini-batch mean."""
    weighted = parameter_jacobian(point) * per_entry(point, kappa)
    modified: Elements = jacobian(point) + weighted @ increment_jacobian(point)
    return modified


def _trajectory(point: SymbolicPoint, step: Elements, steps: int) -> list[Elements]:
    """``step^t`` times the first response to the nudge."""
    found = [nudge_response(point, loss_gradient(point))]
    for _ in range(steps - 1):
        found.append(step @ found[-1])
    return found


@undecided_off_the_steady_state
def modified_bptt_at(point: SymbolicPoint, *, steps: int, rule: Rule = C_EP) -> Outcome:
    """Compare phase 2 at free ``kappa`` with powers of ``J + kappa G``."""
    kappa = kappa_per_layer(point)
    left = delta_side(point, rule, steps=steps, kappa=kappa)
    states = _trajectory(point, modified_jacobian(point, kappa), steps)
    E = increment_jacobian(point)
    right = processes([layered(point, w) | by_parameter(point, E @ w) for w in states])
    return identity(point.ring, left, right)


def is_symmetric_gram(point: SymbolicPoint) -> Outcome:
    """Check that ``G = A A^T / B`` with ``A = dF/dtheta``: symmetric and not negative."""
    A, E = parameter_jacobian(point), increment_jacobian(point)
    return identity(point.ring, {"E": [E * point.batch]}, {"E": [A.T]})


@undecided_off_the_steady_state
def equals_bptt_at(point: SymbolicPoint, *, steps: int) -> Outcome:
    """Ask whether the joint limit at fixed ``kappa`` is ``-nabla``; it is not."""
    left = delta_side(point, C_EP, steps=steps, kappa=kappa_per_layer(point))
    right = scaled(nabla_side(point, steps=steps), -1 * point.network.time_scale)
    return identity(point.ring, left, right)


@undecided_off_the_steady_state
def needs_kappa_at(point: SymbolicPoint) -> Outcome:
    """Check the sum of squares at ``t = 1`` that only ``kappa = 0`` makes vanish."""
    dt, ring = point.network.time_scale, point.ring
    kappa = kappa_per_layer(point)
    delta = delta_side(point, C_EP, steps=2, kappa=kappa)
    nabla = nabla_side(point, steps=2)
    layers = [f"s_{n}" for n in range(len(point.state))]
    gap = flat([delta[s][1] for s in layers]) + flat([nabla[s][1] * boxed(dt) for s in layers])
    first = flat([nabla[s][0] for s in layers])
    squares = sum(kappa[name] * (g[0] * g[0]).sum() for name, g in _parameters(point, nabla))
    left = {"pairing": [_single((first * gap).sum())]}
    return identity(ring, left, {"pairing": [_single(-1 * dt * squares)]})


def _single(value: Any) -> Elements:
    return boxed(value).reshape(1)


def _parameters(point: SymbolicPoint, found: Processes) -> list[tuple[str, list[Elements]]]:
    return [(name, found[name]) for name in point.parameters]


@undecided_off_the_steady_state
def leading_in_kappa_at(point: SymbolicPoint, *, steps: int) -> Outcome:
    """Compare the part of ``Delta_s`` that is linear in ``kappa`` with its closed form."""
    k = point.ring.symbol("kappa")
    uniform = dict.fromkeys(point.parameters, k)
    J = jacobian(point)
    G = parameter_jacobian(point) @ increment_jacobian(point)
    left = delta_side(point, C_EP, steps=steps, kappa=uniform)
    powers = [nudge_response(point, loss_gradient(point))]
    for _ in range(steps - 1):
        powers.append(J @ powers[-1])
    rows = []
    for t in range(steps):
        linear = np.zeros(powers[0].shape, dtype=object)
        for i in range(t):
            term = G @ powers[t - 1 - i]
            for _ in range(i):
                term = J @ term
            linear = linear + term
        rows.append(layered(point, powers[t] + linear * boxed(k)))
    model, square = processes(rows), k * k
    truncated = {
        name: [a - _higher(a - b, square) for a, b in zip(left[name], values, strict=True)]
        for name, values in model.items()
    }
    return identity(point.ring, truncated, model)


def _higher(values: Elements, divisor: Any) -> Elements:
    """Return the polynomials whose every term ``divisor`` divides, 0 for the others."""
    return _each(values, lambda p: p if p % divisor == 0 else 0)


def _each(values: Elements, function: Callable[[Any], Any]) -> Elements:
    found = np.empty(values.shape, dtype=object)
    for index in np.ndindex(*values.shape):
        found[index] = 0 if isinstance(values[index], int) else function(values[index])
    return found


@undecided_off_the_steady_state
def leading_in_beta_at(point: SymbolicPoint, *, steps: int) -> Outcome:
    """Compare the coefficient of ``beta`` in ``Delta`` (``beta^2`` in the state) with its sum."""
    J, E = jacobian(point), increment_jacobian(point)
    first = nudge_response(point, loss_gradient(point))
    u = [first * 0]
    for _ in range(steps):
        u.append(J @ u[-1] + first)
    v = [first * 0]
    for t in range(1, steps + 1):
        total = first * 0
        for i in range(t):
            curvature, _ = second_order(point, u[i])
            output_only = flat(
                [part if name == "s_0" else part * 0 for name, part in layered(point, u[i]).items()]
            )
            term = curvature + nudge_response(point, output_only)
            for _ in range(t - 1 - i):
                term = J @ term
            total = total + term
        v.append(total)
    bends = [second_order(point, w)[1] for w in u]
    rows = []
    for t in range(steps):
        theta = E @ (v[t + 1] - v[t]) + bends[t + 1] - bends[t]
        rows.append(layered(point, v[t + 1] - v[t]) | by_parameter(point, theta))
    return identity(point.ring, delta_side(point, C_EP, steps=steps, power=2), processes(rows))


def _energy(check: Callable[..., Outcome], shape: str, **options: Any) -> Outcome:
    made = {k: options.pop(k) for k in ("batch", "order", "linear_output") if k in options}
    return check(energy_based(FlintRing(CAPACITY), shape, **made), **options)


def _prototypical(check: Callable[..., Outcome], shape: str, **options: Any) -> Outcome:
    made = {k: options.pop(k) for k in ("batch", "order") if k in options}
    return check(prototypical(FlintRing(CAPACITY), shape, **made), **options)


def _both(first: Callable[[], Outcome], second: Callable[[], Outcome]) -> Outcome:
    return all_of({"phase 2": first(), "G is a Gram matrix": second()})


def cases() -> tuple[Case, ...]:
    """Return the cases of the joint limit."""
    case = partial(Case, "joint_limit", where=EVERYWHERE, level=Level.SYMBOLIC)
    jets = "polynomial jets (FLINT)"
    law = "as beta -> 0 at fixed kappa, Delta_s(t) -> -(J + kappa G)^t dl/ds, and Delta_theta too"
    found = []
    for linear, variant in ((False, "rho' on every layer"), (True, "identity at the output")):
        for shape, steps, batch in (
            ("2-3-2", 5, 1),
            ("3-4-3", 4, 1),
            ("2-3-3-2", 4, 1),
            ("2-2-2", 3, 2),
        ):
            size = f"{shape}, K = {steps}" + (f", mini-batch of {batch}" if batch > 1 else "")
            at = {"linear_output": linear, "batch": batch}
            found.append(
                case(
                    f"energy-based, {variant}",
                    law,
                    method=jets,
                    size=size,
                    decide=partial(
                        _both,
                        partial(_energy, modified_bptt_at, shape, steps=steps, **at),
                        partial(_energy, is_symmetric_gram, shape, **at),
                    ),
                    cost=3,
                )
            )
    found += [
        case(
            "prototypical, nudge inside",
            "Delta_s(t) -> -(J + kappa (dF/dtheta) (da/dtheta)^T)^t D dl/ds",
            method=jets,
            size="2-3-3-2, K = 4",
            decide=partial(_prototypical, modified_bptt_at, "2-3-3-2", steps=4),
        ),
        case(
            "the joint limit at fixed kappa is -nabla",
            "(beta, eta) -> 0 with eta / beta' = kappa gives -nabla",
            method=jets,
            size="2-3-2, K = 3",
            decide=partial(_energy, equals_bptt_at, "2-3-2", steps=3),
            expected=Answer.REFUTED,
        ),
        case(
            "the paper's limit needs kappa -> 0",
            "<nabla_s(0), Delta_s(1) + nabla_s(1)> = -|kappa^(1/2) nabla_theta(0)|^2",
            method=jets,
            size="3-4-3",
            decide=partial(_energy, needs_kappa_at, "3-4-3"),
        ),
        case(
            "leading term in kappa",
            "Delta_s(t) + nabla_s(t) = -kappa sum_i J^i G J^(t-1-i) dl/ds + O(kappa^2)",
            method=jets,
            size="2-3-2, K = 5",
            decide=partial(_energy, leading_in_kappa_at, "2-3-2", steps=5),
        ),
        case(
            "leading term in beta",
            "Delta(t) + nabla(t) = beta (v_{t+1} - v_t) + O(beta^2), v by the closed form",
            method="polynomial jets of order 2 (FLINT)",
            size="2-2-2, K = 3",
            decide=partial(_energy, leading_in_beta_at, "2-2-2", steps=3, order=2),
        ),
    ]
    return tuple(found)
