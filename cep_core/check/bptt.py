"""Backpropagation through time, by differentiating the unrolled free phase.

Nothing here knows the nudged phase or the theorem's recurrences: the loss at the end of the
unrolled free phase is differentiated, with a separate copy of the parameters in every transition.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch

from cep_core.arrays import Array, Parameters, State
from cep_core.check.processes import Processes
from cep_core.losses import Loss, SquaredError
from cep_core.networks import Network


def unroll(network: Network, x: Array, start: State, copies: Sequence[Parameters]) -> list[State]:
    """States ``s_0 … s_K`` of the free dynamics, transition ``k`` using ``copies[k]``.

    Works in any number system; the gradient processes of BPTT are derivatives of the loss of the
    last state with respect to the other states and to each copy.
    """
    states = [start]
    for parameters in copies:
        states.append(network.transition(x, states[-1], parameters))
    return states


def nabla(
    network: Network,
    x: torch.Tensor,
    y: torch.Tensor,
    parameters: Parameters,
    start: State,
    *,
    steps: int,
    loss: Loss | None = None,
) -> Processes:
    """``nabla_s(t)`` and ``nabla_theta(t)`` for ``t = 0 … K-1`` by one backward pass.

    ``nabla_s(t) = dL/ds_{T-t}`` for each sample's own loss, and ``nabla_theta(t)`` is the
    derivative of the loss averaged over the mini-batch with respect to the copy of ``theta`` used
    in the transition from ``s_{T-t-1}`` to ``s_{T-t}``; biases and ``t = 0`` included.
    Signs: these are gradients ``+dL/d.``; the theorem says that ``Delta = -nabla``.

    Args:
        network: the dynamics.
        x: input, shape ``(B, size_x)``.
        y: target, shape ``(B, size_0)``.
        parameters: ``theta``.
        start: the state ``s_{T-K}``, from which the last ``K`` transitions are unrolled.
        steps: ``K``.
        loss: loss of the output layer; the squared error unless given.

    """
    objective = SquaredError() if loss is None else loss
    names = list(parameters)
    with torch.enable_grad():
        copies = [
            {name: value.detach().requires_grad_() for name, value in parameters.items()}
            for _ in range(steps)
        ]
        first = tuple(s.detach().requires_grad_() for s in start)
        states = unroll(network, x, first, copies)
        total = objective.value(states[-1][0], y)
        wanted = [s for state in states[1:] for s in state]
        wanted += [copy[name] for copy in copies for name in names]
        found = torch.autograd.grad(total, wanted, allow_unused=True, materialize_grads=True)
    layers = len(first)
    at_state = [found[i : i + layers] for i in range(0, layers * steps, layers)]
    rest = found[layers * steps :]
    at_copy = [rest[i : i + len(names)] for i in range(0, len(rest), len(names))]
    batch = x.shape[0]
    return Processes(
        state=tuple(torch.stack([g[n] for g in reversed(at_state)]) for n in range(layers)),
        parameters={
            name: torch.stack([g[i] for g in reversed(at_copy)]).div_(batch)
            for i, name in enumerate(names)
        },
    )
