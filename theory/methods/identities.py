"""The identities of the theory, over whatever number system a point is drawn from.

Each yields, process by process and step by step, a left and a right side that should be equal: on
one side what the nudged phase of ``cep_core`` does, as a power series in beta, and on the other
what the theory says. BPTT is the reverse-mode derivative of the unrolled free phase
(:mod:`theory.arithmetic.tape`); a Jacobian times a vector is a derivative along it; the nudge is
that of the loss's definition (:mod:`theory.methods.definition`). Nothing is shared between the
sides but the network's free transition and its ``dPhi/dtheta``.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from cep_core.arrays import Array, Parameters, Scalar, State
from cep_core.networks.augmented import augmented as augmented_network
from cep_core.phases import nudged_phase
from cep_core.rules import C_EP, C_VF, Rule
from theory.arithmetic.jets import Jet, beta, coefficient
from theory.arithmetic.tape import differentiated, transposed_product, unrolled_gradients
from theory.methods import definition
from theory.points.point import Point

Sides = tuple[str, int, Array, Array]
"""A process, a step, and the two sides that should be equal; step -1 is before the phase."""


def _times(array: Array, factor: Array) -> Array:
    """``array * factor``, sparing the multiplication by the integer 1."""
    return array if isinstance(factor, int) and factor == 1 else array * factor


def _slopes(point: Point) -> State:
    """``D``: the slopes where the activations come after ``dPhi/ds``, else the number 1."""
    found = definition.slopes(point.network, point.x, point.state, point.parameters)
    return tuple(1 for _ in point.state) if found is None else found


def settled(point: Point) -> Iterator[Sides]:
    """``F(x, s_*, theta) = s_*``."""
    following = point.network.transition(point.x, point.state, point.parameters)
    for n, (before, after) in enumerate(zip(point.state, following, strict=True)):
        yield f"s_{n}", -1, after, before


def _first_order(
    point: Point, rule: Rule, *, steps: int, kappa: Any
) -> Iterator[tuple[State, Parameters]]:
    """``time_scale`` times ``Delta_s(t)`` and ``Delta_theta(t)`` at beta = 0, step by step."""
    for step in nudged_phase(
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


def theorem1(point: Point, *, rule: Rule = C_EP, steps: int, kappa: Any = 0) -> Iterator[Sides]:
    """``lim Delta_s(t) = -D nabla_s(t)`` and ``lim Delta_theta(t) = -nabla_theta(t)``.

    ``D`` is 1 in the energy-based setting and the slope of the activation in the prototypical one,
    whose neurons are nudged before it. At a ``kappa`` other than 0 the two sides differ.
    """
    yield from settled(point)
    scale, slopes = point.network.time_scale, _slopes(point)
    nabla = unrolled_gradients(
        point.network, point.x, point.y, point.parameters, point.state, steps=steps
    )
    for t, (states, increments) in enumerate(_first_order(point, rule, steps=steps, kappa=kappa)):
        for n, delta in enumerate(states):
            expected = _times(nabla.states[t][n] * -1, slopes[n])
            yield f"s_{n}", t, delta, _times(expected, scale)
        for name, delta in increments.items():
            yield name, t, delta, nabla.parameters[t][name] * (scale * -1)


def transposed_in_parameters(
    point: Point, state: State, parameters: Parameters, direction: State
) -> Parameters:
    """``(dF/dtheta)^T direction`` (prototypical: ``(da/dtheta)^T``), mean over the mini-batch."""
    names = list(parameters)
    network = definition.before_activation(point.network, point.x, point.state, point.parameters)
    found = transposed_product(
        lambda *values: network.transition(point.x, state, dict(zip(names, values, strict=True))),
        list(parameters.values()),
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


def _first_response(point: Point) -> State:
    return definition.first_response(point.network, point.x, point.y, point.state, point.parameters)


def joint_limit(point: Point, *, steps: int) -> Iterator[Sides]:
    """At fixed kappa ``Delta_s(t) -> -(J + kappa G)^t dl/ds``, and its ``(dF/dtheta)^T``.

    ``G = (dF/dtheta)(dF/dtheta)^T``, over all samples of a mini-batch with the factor ``1/B``. In
    the prototypical setting, where the activation comes after the nudge and the parameters,
    ``-(J + kappa D A A^T)^t D dl/ds`` with ``A = da/dtheta``.
    """
    yield from settled(point)
    response = _first_response(point)
    for t, (states, increments) in enumerate(
        _first_order(point, C_EP, steps=steps, kappa=point.kappa)
    ):
        for n, delta in enumerate(states):
            yield f"s_{n}", t, delta, response[n]
        along = transposed_in_parameters(point, point.state, point.parameters, response)
        for name, delta in increments.items():
            yield name, t, delta, along[name]
        if t + 1 < steps:
            learned = {name: g * point.kappa[name] for name, g in along.items()}
            response = _derivative_along(point, response, learned)


def vector_field_error(point: Point, *, steps: int) -> Iterator[Sides]:
    """C-VF: ``Delta_s(t) + nabla_s(t) = ((J^T)^t - J^t) dl/ds``, whatever the backward weights.

    In the prototypical setting ``Delta_s(t) + D nabla_s(t) = (D (J^T)^t - J^t D) dl/ds``.
    """
    yield from settled(point)
    scale, slopes = point.network.time_scale, _slopes(point)
    nabla = unrolled_gradients(
        point.network, point.x, point.y, point.parameters, point.state, steps=steps
    )
    forward = tuple(g * -1 for g in _first_response(point))
    output = _times(definition.loss_gradient(point.state[0], point.y), scale)
    backward: State = (output, *forward[1:])
    for t, (states, increments) in enumerate(_first_order(point, C_VF, steps=steps, kappa=0)):
        error = tuple(
            _times(b, slope) - f for b, f, slope in zip(backward, forward, slopes, strict=True)
        )
        for n, delta in enumerate(states):
            gradient = _times(nabla.states[t][n], slopes[n])
            yield f"s_{n}", t, delta + _times(gradient, scale), error[n]
        along = transposed_in_parameters(point, point.state, point.parameters, error)
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


def increments(point: Point, *, steps: int, nudging: Scalar, rule: Rule = C_VF) -> Iterator[Sides]:
    """C-VF at finite beta: ``increment = (dF/dtheta(x, s_t, theta_t))^T (s_{t+1} - s_t)``, exactly.

    The derivative is taken at ``s_t`` and ``theta_t``, where the step starts, and
    ``theta_{t+1} = theta_t + kappa increment``. The start need not be a steady state. In the
    prototypical setting ``da/dtheta`` stands for ``dF/dtheta``.
    """
    theta = point.parameters
    phase = nudged_phase(
        point.network,
        rule,
        point.x,
        point.y,
        theta,
        point.state,
        beta=nudging,
        kappa=point.kappa,
        steps=steps,
    )
    for t, step in enumerate(phase):
        change = tuple(b - a for a, b in zip(step.state, step.following, strict=True))
        along = transposed_in_parameters(point, step.state, theta, change)
        theta = {name: value + along[name] * point.kappa[name] for name, value in theta.items()}
        for name, increment in step.increment.items():
            yield f"increment of {name}", t, increment, along[name]
            yield name, t, step.parameters[name], theta[name]


def augmented(point: Point, *, steps: int, order: int) -> Iterator[Sides]:
    """C-EP is EP in the augmented primitive function, and its conservation law, to beta^order.

    ``theta_t - kappa dPhi/dtheta(s_t)`` stays what it was at ``t = 0``; the states of the two
    phases are the same, and so are the total updates. EP is run by its definition.
    """
    yield from settled(point)
    network, x, y, theta = point.network, point.x, point.y, point.parameters
    other = augmented_network(
        network, x, point.state, theta, kappa=point.kappa, differentiate=differentiated
    )
    start = {name: theta[name] - other.anchor[name] * point.kappa[name] for name in theta}
    nudging: dict[str, Any] = {"beta": beta(order), "steps": steps}
    continual = nudged_phase(network, C_EP, x, y, theta, point.state, kappa=point.kappa, **nudging)
    total: Parameters = {}
    plain = definition.ep(other, x, y, theta, point.state, **nudging)
    for t, (left, right) in enumerate(zip(continual, plain, strict=True)):
        for n, (a, b) in enumerate(zip(left.following, right.following, strict=True)):
            yield from by_order(f"s_{n}", t, a, b, order)
        reached = network.primitive_gradient(x, left.following, theta)
        for name, kappa in point.kappa.items():
            kept = left.parameters[name] - reached[name] * kappa
            yield from by_order(name, t, kept, start[name], order)
            increment = right.increment[name]
            total[name] = increment if name not in total else total[name] + increment
    for name, kappa in point.kappa.items():
        learned = theta[name] + total[name] * kappa
        yield from by_order(name, steps, learned, left.parameters[name], order)


def by_order(name: str, t: int, left: Array, right: Array, order: int) -> Iterator[Sides]:
    """The sides of every coefficient in beta."""
    for k in range(order + 1):
        yield name, t, coefficient(left, k), coefficient(right, k)
