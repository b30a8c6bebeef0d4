"""What the theory defines, written out where a check must not take it from the code under test.

The loss is ``l(s, y) = ||s^0 - y||^2 / 2`` per sample and the nudge ``-beta' dl/ds`` with
``beta' = beta * time_scale``; a network whose activations come after ``dPhi/ds`` is nudged before
them. No network's nudge, no loss object and no nudged phase of ``cep_core`` enters here: only free
transitions, and what a network says of itself.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from cep_core.activations import Identity
from cep_core.arrays import Array, Parameters, Scalar, State
from cep_core.networks import Network, answering


@dataclass(frozen=True)
class DefinedStep:
    """One step of EP's nudged phase: the states before and after, and the rule's increment."""

    state: State
    following: State
    increment: Parameters


def loss_gradient(output: Array, target: Array) -> Array:
    """``dl/ds^0 = s^0 - y``, shape ``(B, size_0)``."""
    return output - target


def slopes(network: Network, x: Array, state: State, parameters: Parameters) -> State | None:
    """``D``: ``sigma'`` where the activations come after ``dPhi/ds``, else None, for 1."""
    return answering(network).followed_slopes(x, state, parameters, modified_loss=True)


def before_activation(network: Network, x: Array, state: State, parameters: Parameters) -> Network:
    """The network of ``dPhi/ds``: without activations where they come after it."""
    if slopes(network, x, state, parameters) is None:
        return network
    identities = tuple(Identity() for _ in answering(network).activations)
    return replace(network, activations=identities)  # type: ignore[type-var]


def first_response(
    network: Network, x: Array, y: Array, steady: State, parameters: Parameters
) -> State:
    """``-time_scale D dl/ds``: what one nudged step adds to a steady state, per unit of beta."""
    output = loss_gradient(steady[0], y) * -1
    factors = slopes(network, x, steady, parameters)
    if factors is not None:
        output = output * factors[0]
    return (_times(output, network.time_scale), *(s * 0 for s in steady[1:]))


def nudged_transition(
    network: Network,
    x: Array,
    y: Array,
    state: State,
    parameters: Parameters,
    beta: Scalar,
    *,
    inside: bool,
) -> State:
    """``F - beta' dl/ds``, or with the nudge inside ``sigma(a - beta dl/ds)`` at the output."""
    nudge = loss_gradient(state[0], y) * beta
    following = network.transition(x, state, parameters)
    if not inside:
        return (following[0] - _times(nudge, network.time_scale), *following[1:])
    asked = answering(network)
    argument = asked.arguments(x, state, parameters)[0]
    return (asked.activations[0](argument - nudge), *following[1:])


def ep(
    network: Network,
    x: Array,
    y: Array,
    parameters: Parameters,
    start: State,
    *,
    beta: Scalar,
    steps: int,
) -> Iterator[DefinedStep]:
    """EP's nudged phase by its definition, its increments those of ``dPhi/dtheta``.

    Whether it is nudged inside the activation is the network's word
    (:meth:`cep_core.networks.AnsweringNetwork.followed_slopes`); how, is written here.
    """
    inside = answering(network).followed_slopes(x, start, parameters) is not None
    state = start
    before = network.primitive_gradient(x, state, parameters)
    for _ in range(steps):
        following = nudged_transition(network, x, y, state, parameters, beta, inside=inside)
        after = network.primitive_gradient(x, following, parameters)
        yield DefinedStep(state, following, {n: after[n] - before[n] for n in after})
        state, before = following, after


def _times(array: Array, factor: Any) -> Array:
    """``array * factor``, sparing the multiplication by the integer 1."""
    return array if isinstance(factor, int) and factor == 1 else array * factor
