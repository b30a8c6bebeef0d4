"""The identities of the theory, over whatever number system a point is drawn from.

Each yields, process by process and step by step, a left and a right side that should be equal: on
one side what the nudged phase of ``cep_core`` does, as a power series in beta, and on the other
what the theory says. BPTT is the reverse-mode derivative of the unrolled free phase
(:mod:`theory.arithmetic.tape`); a Jacobian times a vector is a derivative along it; nothing is
shared between the sides but the definition of the network.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from cep_core.activations import Identity
from cep_core.arrays import Array, Parameters, State
from cep_core.losses import SquaredError
from cep_core.networks import Network, Prototypical
from cep_core.phases import NudgedStep, nudged_phase
from cep_core.rules import C_EP, C_VF, EP, Rule
from theory.arithmetic.jets import Jet, beta, coefficient
from theory.arithmetic.tape import (
    Gradients,
    Traced,
    gradients,
    transposed_product,
    unrolled_gradients,
)
from theory.points.drawn import Point

Sides = tuple[str, int, Array, Array]
"""A process, a step, and the two sides that should be equal; step -1 is before the phase."""

Phase = Callable[..., Iterator[NudgedStep]]
"""The nudged phase, with the signature of :func:`cep_core.phases.nudged_phase`."""

Unrolled = Callable[..., Gradients]
"""BPTT, with the signature of :func:`theory.arithmetic.tape.unrolled_gradients`."""


def _times(array: Array, factor: Array) -> Array:
    """``array * factor``, sparing the multiplication by the integer 1."""
    return array if isinstance(factor, int) and factor == 1 else array * factor


def settled(point: Point) -> Iterator[Sides]:
    """``F(x, s_*, theta) = s_*``."""
    following = point.network.transition(point.x, point.state, point.parameters)
    for n, (before, after) in enumerate(zip(point.state, following, strict=True)):
        yield f"s_{n}", -1, after, before


def _first_order(
    point: Point, rule: Rule, phase: Phase, *, steps: int, kappa: Any
) -> Iterator[tuple[State, Parameters]]:
    """``time_scale`` times ``Delta_s(t)`` and ``Delta_theta(t)`` at beta = 0, step by step."""
    for step in phase(
        point.network,
        rule,
        point.x,
        point.y,
        point.parameters,
        point.state,
        beta=beta(),
        kappa=kappa,
        steps=steps,
    ):
        moved = tuple(
            coefficient(after, 1) - coefficient(before, 1)
            for before, after in zip(step.state, step.following, strict=True)
        )
        yield moved, {name: coefficient(value, 1) for name, value in step.increment.items()}


def theorem1(
    point: Point,
    *,
    rule: Rule = C_EP,
    steps: int,
    kappa: Any = 0,
    phase: Phase = nudged_phase,
    unrolled: Unrolled = unrolled_gradients,
) -> Iterator[Sides]:
    """``lim Delta_s(t) = -D nabla_s(t)`` and ``lim Delta_theta(t) = -nabla_theta(t)``.

    ``D`` is 1 in the energy-based setting and the slope of the activation in the prototypical one,
    whose neurons are nudged before it. At a ``kappa`` other than 0 the two sides differ.
    """
    yield from settled(point)
    scale = point.network.time_scale
    nabla = unrolled(point.network, point.x, point.y, point.parameters, point.state, steps=steps)
    for t, (states, increments) in enumerate(
        _first_order(point, rule, phase, steps=steps, kappa=kappa)
    ):
        for n, delta in enumerate(states):
            expected = _times(nabla.states[t][n] * -1, point.slopes[n])
            yield f"s_{n}", t, delta, _times(expected, scale)
        for name, delta in increments.items():
            yield name, t, delta, nabla.parameters[t][name] * (scale * -1)


def _first_response(point: Point) -> State:
    """``-time_scale D dl/ds``: what one nudged step adds to a steady state."""
    output = SquaredError().gradient(point.state[0], point.y) * point.slopes[0] * -1
    rest = tuple(s * 0 for s in point.state[1:])
    return (_times(output, point.network.time_scale), *rest)


def _parameter_field(network: Network) -> Network:
    """The network whose ``dF/dtheta`` makes the increments: prototypical, no activation."""
    if isinstance(network, Prototypical):
        return Prototypical(tuple(Identity() for _ in network.activations))
    return network


def _transposed_in_parameters(point: Point, direction: State) -> Parameters:
    """``(dF/dtheta)^T direction``, averaged over the mini-batch."""
    names = list(point.parameters)
    network = _parameter_field(point.network)
    found = transposed_product(
        lambda *values: network.transition(
            point.x, point.state, dict(zip(names, values, strict=True))
        ),
        list(point.parameters.values()),
        direction,
    )
    batch = point.x.shape[0]
    return {name: g if batch == 1 else g / batch for name, g in zip(names, found, strict=True)}


def _derivative_along(point: Point, states: State, parameters: Parameters) -> State:
    """``dF/ds states + dF/dtheta parameters``, by dual numbers."""
    following = point.network.transition(
        point.x,
        tuple(Jet((s, d)) for s, d in zip(point.state, states, strict=True)),
        {
            name: Jet((value, parameters[name])) if name in parameters else value
            for name, value in point.parameters.items()
        },
    )
    return tuple(coefficient(s, 1) for s in following)


def joint_limit(point: Point, *, steps: int, phase: Phase = nudged_phase) -> Iterator[Sides]:
    """At fixed kappa ``Delta_s(t) -> -(J + kappa G)^t dl/ds``, and its ``(dF/dtheta)^T``.

    ``G = (dF/dtheta)(dF/dtheta)^T``, over all samples of a mini-batch with the factor ``1/B``. In
    the prototypical setting, where the activation comes after the nudge and the parameters,
    ``-(J + kappa D A A^T)^t D dl/ds`` with ``A = da/dtheta``.
    """
    yield from settled(point)
    response = _first_response(point)
    for t, (states, increments) in enumerate(
        _first_order(point, C_EP, phase, steps=steps, kappa=point.kappa)
    ):
        for n, delta in enumerate(states):
            yield f"s_{n}", t, delta, response[n]
        along = _transposed_in_parameters(point, response)
        for name, delta in increments.items():
            yield name, t, delta, along[name]
        if t + 1 < steps:
            learned = {name: g * point.kappa[name] for name, g in along.items()}
            response = _derivative_along(point, response, learned)


def vector_field_error(
    point: Point,
    *,
    steps: int,
    phase: Phase = nudged_phase,
    unrolled: Unrolled = unrolled_gradients,
) -> Iterator[Sides]:
    """C-VF: ``Delta_s(t) + nabla_s(t) = ((J^T)^t - J^t) dl/ds``, whatever the backward weights.

    In the prototypical setting ``Delta_s(t) + D nabla_s(t) = (D (J^T)^t - J^t D) dl/ds``.
    """
    yield from settled(point)
    scale = point.network.time_scale
    nabla = unrolled(point.network, point.x, point.y, point.parameters, point.state, steps=steps)
    forward = tuple(g * -1 for g in _first_response(point))
    output = _times(SquaredError().gradient(point.state[0], point.y), scale)
    backward = (output, *forward[1:])
    for t, (states, increments) in enumerate(
        _first_order(point, C_VF, phase, steps=steps, kappa=0)
    ):
        error = tuple(
            _times(b, slope) - f
            for b, f, slope in zip(backward, forward, point.slopes, strict=True)
        )
        for n, delta in enumerate(states):
            gradient = _times(nabla.states[t][n], point.slopes[n])
            yield f"s_{n}", t, delta + _times(gradient, scale), error[n]
        along = _transposed_in_parameters(point, error)
        for name, delta in increments.items():
            yield name, t, delta + _times(nabla.parameters[t][name], scale), along[name]
        if t + 1 < steps:
            forward = _derivative_along(point, forward, {})
            backward = tuple(
                transposed_product(
                    lambda *s: point.network.transition(point.x, s, point.parameters),
                    point.state,
                    backward,
                )
            )


@dataclass(frozen=True)
class Augmented:
    """The network of ``Phi + B/2 sum_theta kappa |dPhi/dtheta(s) - dPhi/dtheta(s_*)|^2``.

    The square is differentiated in reverse mode. It does not depend on theta (Phi is linear in
    theta), so the derivatives with respect to theta are those of Phi.

    Attributes:
        network: the network of ``Phi``.
        kappa: one number per parameter.
        anchor: ``dPhi/dtheta(s_*)``, the mean over the mini-batch.

    """

    network: Network
    kappa: Parameters
    anchor: Parameters

    @property
    def time_scale(self) -> Array:
        """That of the network."""
        return self.network.time_scale

    def transition(
        self, x: Array, state: State, parameters: Parameters, nudge: Array | None = None
    ) -> State:
        """One nudged transition of the augmented primitive function."""
        plain = self.network.transition(x, state, parameters, nudge)
        traced = tuple(Traced(s) for s in state)
        found = self.network.primitive_gradient(x, traced, parameters)
        total = 0
        for name, value in found.items():
            gap = value - self.anchor[name]
            total = total + (gap * gap).sum() * self.kappa[name]
        extra = gradients(total * x.shape[0] / 2, traced)
        return tuple(s + g for s, g in zip(plain, extra, strict=True))

    def primitive_gradient(self, x: Array, state: State, parameters: Parameters) -> Parameters:
        """``dPhi/dtheta``, averaged over the mini-batch."""
        return self.network.primitive_gradient(x, state, parameters)

    def vector_field_gradient(
        self, x: Array, state: State, parameters: Parameters, change: State
    ) -> Parameters:
        """``(dF/dtheta)^T change``, averaged over the mini-batch."""
        return self.network.vector_field_gradient(x, state, parameters, change)


def augmented(
    point: Point, *, steps: int, order: int, phase: Phase = nudged_phase
) -> Iterator[Sides]:
    """C-EP is EP in the augmented primitive function, and its conservation law, to beta^order.

    ``theta_t - kappa dPhi/dtheta(s_t)`` stays what it was at ``t = 0``; the states of the two
    phases are the same, and so are the total updates.
    """
    yield from settled(point)
    network, x, y, theta = point.network, point.x, point.y, point.parameters
    anchor = network.primitive_gradient(x, point.state, theta)
    start = {name: theta[name] - anchor[name] * point.kappa[name] for name in theta}
    nudging: dict[str, Any] = {"beta": beta(order), "kappa": point.kappa, "steps": steps}
    continual = phase(network, C_EP, x, y, theta, point.state, **nudging)
    augmented_network = Augmented(network, point.kappa, anchor)
    total: Parameters = {}
    plain = nudged_phase(augmented_network, EP, x, y, theta, point.state, **nudging)
    for t, (left, right) in enumerate(zip(continual, plain, strict=True)):
        for n, (a, b) in enumerate(zip(left.following, right.following, strict=True)):
            yield from _by_order(f"s_{n}", t, a, b, order)
        reached = network.primitive_gradient(x, left.following, theta)
        for name, kappa in point.kappa.items():
            kept = left.parameters[name] - reached[name] * kappa
            yield from _by_order(name, t, kept, start[name], order)
            increment = right.increment[name]
            total[name] = increment if name not in total else total[name] + increment
    for name, kappa in point.kappa.items():
        learned = theta[name] + total[name] * kappa
        yield from _by_order(name, steps, learned, left.parameters[name], order)


def _by_order(name: str, t: int, left: Array, right: Array, order: int) -> Iterator[Sides]:
    for k in range(order + 1):
        yield name, t, coefficient(left, k), coefficient(right, k)
