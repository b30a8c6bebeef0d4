"""The two phases: the free phase that settles, and the nudged phase in which learning happens."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import torch

from cep_core.arrays import Array, Parameters, Scalar, State
from cep_core.losses import Loss, SquaredError
from cep_core.networks import Network, answering
from cep_core.rules import Rule, add_scaled


@dataclass(frozen=True)
class FreePhase:
    """Outcome of a free phase.

    Attributes:
        state: the last state ``s_T``.
        steps: number of transitions made.
        residual: largest absolute change ``max |s_T - s_{T-1}|`` in the last transition.
        converged: whether the residual is within the tolerance; None if none was given.

    """

    state: State
    steps: int
    residual: float
    converged: bool | None


def largest_change(before: State, after: State) -> float:
    """Largest absolute difference between two states, over layers, samples and units."""
    return max(
        float((b - a).abs().max()) if a.numel() else 0.0 for a, b in zip(before, after, strict=True)
    )


def change_by_sample(before: State, after: State) -> Array:
    """Largest absolute difference of any unit between two states, shape ``(B,)``."""
    changes = [(b - a).abs().flatten(1).amax(1) for a, b in zip(before, after, strict=True)]
    return torch.stack(changes).amax(0)


def free_phase(
    network: Network,
    x: torch.Tensor,
    parameters: Parameters,
    *,
    steps: int,
    tolerance: float | None = None,
    start: State | None = None,
) -> FreePhase:
    """Run phase 1, ``s_{t+1} = F(x, s_t, theta)``, for a fixed count or to a tolerance.

    Args:
        network: the dynamics.
        x: input, shape ``(B, size_x)``.
        parameters: ``theta``.
        steps: number of transitions ``T``; with a tolerance, the most that are made.
        tolerance: stop as soon as no unit changes by more than this in one transition.
        start: first state; 0 on every layer unless given.

    Raises:
        ValueError: ``steps`` is not positive, or no start is given and the network does not tell
            the shape of its state.

    """
    if steps < 1:
        msg = f"steps: expected a positive number of transitions, found {steps}"
        raise ValueError(msg)
    state = answering(network).zero_state(x, parameters) if start is None else start
    previous, made = state, 0
    with torch.no_grad():
        while made < steps:
            previous, state = state, network.transition(x, state, parameters)
            made += 1
            if tolerance is not None and largest_change(previous, state) <= tolerance:
                break
    residual = largest_change(previous, state)
    converged = None if tolerance is None else residual <= tolerance
    return FreePhase(state, made, residual, converged)


@dataclass(frozen=True)
class NudgedStep:
    """One step of the nudged phase, from ``t`` to ``t + 1``.

    Attributes:
        state: ``s_t``.
        following: ``s_{t+1}``.
        increment: the rule's increment between them, before ``kappa``; ``Delta_theta`` is this
            divided by ``beta * time_scale``.
        parameters: ``theta_{t+1}``; equal to ``theta`` throughout for a rule that is not continual.

    """

    state: State
    following: State
    increment: Parameters
    parameters: Parameters


def nudged_phase(
    network: Network,
    rule: Rule,
    x: Array,
    y: Array,
    parameters: Parameters,
    start: State,
    *,
    beta: Scalar,
    kappa: Scalar | Mapping[str, Scalar],
    steps: int,
    loss: Loss | None = None,
) -> Iterator[NudgedStep]:
    """Run phase 2 from ``s_0 = start`` and yield its steps, in any number system.

    ``s_{t+1} = F(x, s_t, theta_t) - beta' dl/ds`` with ``beta' = beta * network.time_scale``, and
    for a continual rule ``theta_{t+1} = theta_t + kappa * increment``; ``F`` is corrected where
    the rule says so (:meth:`cep_core.rules.Rule.dynamics`).

    Args:
        network: the dynamics of the free phase.
        rule: the learning rule.
        x: input, shape ``(B, size_x)``.
        y: target, shape ``(B, size_0)``.
        parameters: ``theta_0``.
        start: the steady state ``s_*`` of the free phase.
        beta: nudging strength, of either sign.
        kappa: ``eta / beta'``, one number or one per parameter; see
            :func:`cep_core.phases.kappa_of`.
        steps: number of transitions ``K``.
        loss: loss of the output layer; the squared error unless given.

    """
    nudging = SquaredError() if loss is None else loss
    network = rule.dynamics(network, start, parameters)
    state = start
    for _ in range(steps):
        nudge = nudging.gradient(state[0], y) * beta
        following = network.transition(x, state, parameters, nudge)
        increment = rule.increment(network, x, parameters, state, following)
        if rule.continual:
            parameters = add_scaled(parameters, increment, kappa)
        yield NudgedStep(state, following, increment, parameters)
        state = following


def kappa_of(network: Network, rates: Mapping[str, Scalar], beta: Scalar) -> dict[str, Scalar]:
    """``kappa = eta / (beta * time_scale)`` for every parameter, from its learning rate."""
    return {name: rate / (beta * network.time_scale) for name, rate in rates.items()}
