"""Backpropagation through time, by differentiating the unrolled free phase.

Nothing here knows the nudged phase or the theorem's recurrences: the loss at the end of the
unrolled free phase is differentiated, with a separate copy of the parameters in every transition.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch

from cep_core.arrays import Array, Parameters, State
from cep_core.check.processes import Processes
from cep_core.losses import Loss
from cep_core.networks import Network
from cep_core.problem import Problem
from cep_core.structures import batch_of


def unroll(
    network: Network,
    x: Array,
    start: State,
    copies: Sequence[Parameters],
    *,
    recorded: bool = False,
) -> list[State]:
    """States ``s_0 … s_K`` of the free dynamics, transition ``k`` using ``copies[k]``.

    Works in any number system; the gradient processes of BPTT are derivatives of the loss of the
    last state with respect to the other states and to each copy. With ``recorded``, in PyTorch,
    every tensor of a state is a node of its own: one that a transition has computed from another of
    the same state (a sweep, a velocity) is no part of that one's gradient, and one that it has cut
    off from the graph has a gradient and hands none on.
    """
    states = [start]
    for parameters in copies:
        new = network.transition(x, states[-1], parameters)
        if recorded:
            new = tuple(_own_node(s) for s in new)
        states.append(new)
    return states


def _own_node(tensor: torch.Tensor) -> torch.Tensor:
    if tensor.requires_grad:
        return tensor.view_as(tensor)
    return tensor.detach().requires_grad_()


def nabla(
    problem: Problem, *, steps: int, start: State | None = None, loss: Loss | None = None
) -> Processes:
    """``nabla_s(t)`` and ``nabla_theta(t)`` for ``t = 0 … K-1`` by one backward pass.

    ``nabla_s(t) = dL/ds_{T-t}`` for each sample's own loss, and ``nabla_theta(t)`` is the
    derivative of the loss averaged over the mini-batch with respect to the copy of ``theta`` used
    in the transition from ``s_{T-t-1}`` to ``s_{T-t}``; biases and ``t = 0`` included.
    Signs: these are gradients ``+dL/d.``; the theorem says that ``Delta = -nabla``.

    Args:
        problem: network, input, target and parameters.
        steps: ``K``.
        start: the state ``s_{T-K}``, from which the last ``K`` transitions are unrolled; the steady
            state unless given.
        loss: loss of the output layer; the one that nudges unless given.

    Raises:
        ValueError: no start is given and the problem is not settled.

    """
    objective = problem.loss if loss is None else loss
    parameters = problem.parameters
    names = list(parameters)
    with torch.enable_grad():
        copies = [
            {name: value.detach().requires_grad_() for name, value in parameters.items()}
            for _ in range(steps)
        ]
        begin = problem.rest if start is None else start
        first = tuple(s.detach().requires_grad_() for s in begin)
        states = unroll(problem.network, problem.x, first, copies, recorded=True)
        total = objective.value(states[-1][0], problem.y)
        wanted = [s for state in states[1:] for s in state]
        wanted += [copy[name] for copy in copies for name in names]
        found = torch.autograd.grad(total, wanted, allow_unused=True, materialize_grads=True)
    layers = len(first)
    at_state = [found[i : i + layers] for i in range(0, layers * steps, layers)]
    rest = found[layers * steps :]
    at_copy = [rest[i : i + len(names)] for i in range(0, len(rest), len(names))]
    batch = batch_of(problem.x, first)
    return Processes(
        state=tuple(torch.stack([g[n] for g in reversed(at_state)]) for n in range(layers)),
        parameters={
            name: torch.stack([g[i] for g in reversed(at_copy)]).div_(batch)
            for i, name in enumerate(names)
        },
    )


def total_gradient(
    problem: Problem, *, steps: int, start: State | None = None, loss: Loss | None = None
) -> Parameters:
    """Gradient of the mean loss in parameters that all ``steps`` transitions share.

    It is ``sum_t nabla_theta(t)``, without a copy of the parameters for every transition.

    Args:
        problem: network, input, target and parameters.
        steps: transitions that are differentiated.
        start: the state before the first of them; the steady state unless given.
        loss: loss of the output layer; the one that nudges unless given.

    Raises:
        ValueError: no start is given and the problem is not settled.

    """
    objective = problem.loss if loss is None else loss
    with torch.enable_grad():
        shared = {name: p.detach().requires_grad_() for name, p in problem.parameters.items()}
        begin = problem.rest if start is None else start
        states = unroll(problem.network, problem.x, begin, [shared] * steps, recorded=True)
        value = objective.value(states[-1][0], problem.y)
        found = torch.autograd.grad(
            value, list(shared.values()), allow_unused=True, materialize_grads=True
        )
    batch = batch_of(problem.x, begin)
    return {name: g / batch for name, g in zip(shared, found, strict=True)}
