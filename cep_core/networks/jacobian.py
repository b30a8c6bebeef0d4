"""Products with the Jacobian ``dF/ds`` of any network on PyTorch, by automatic differentiation."""

from __future__ import annotations

import torch

from cep_core.arrays import Array, Parameters, State
from cep_core.networks.network import Network


def jacobian_product(
    network: Network,
    x: Array,
    state: State,
    parameters: Parameters,
    vector: State,
    *,
    transposed: bool = False,
) -> State:
    """``J vector``, or ``J^T vector``, at a state; the Jacobian is never formed.

    ``J v`` is the derivative of ``J^T w`` in ``w`` along ``v``, so that a transition which is
    differentiable twice suffices.

    Args:
        network: the dynamics.
        x: input.
        state: where; one tensor per layer.
        parameters: ``theta``.
        vector: shaped as the state.
        transposed: the product with the transpose.

    """
    with torch.enable_grad():
        at = tuple(s.detach().requires_grad_() for s in state)
        after = network.transition(x, at, parameters)
        if transposed:
            found = torch.autograd.grad(
                after, at, vector, allow_unused=True, materialize_grads=True
            )
            return tuple(found)
        weights = tuple(torch.zeros_like(a, requires_grad=True) for a in after)
        pulled = torch.autograd.grad(
            after, at, weights, create_graph=True, allow_unused=True, materialize_grads=True
        )
        found = torch.autograd.grad(
            pulled, weights, vector, allow_unused=True, materialize_grads=True
        )
    return tuple(found)


def jacobian_asymmetry(
    network: Network, x: Array, state: State, parameters: Parameters, vector: State
) -> State:
    """``(J - J^T) vector`` at a state, from one product each; arguments as above."""
    forth = jacobian_product(network, x, state, parameters, vector)
    back = jacobian_product(network, x, state, parameters, vector, transposed=True)
    return tuple(f - b for f, b in zip(forth, back, strict=True))
