"""Networks of the user's own: a primitive function or a vector field, by automatic differentiation.

They go through the same phases, rules and checks as the layered networks. The state is a tuple of
tensors of shape ``(B, ...)``, the output layer first; the parameters are a dictionary of tensors.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch

from cep_core.arrays import Array, Parameters, State

PrimitiveFunction = Callable[[torch.Tensor, State, Parameters], torch.Tensor]
"""``Phi(x, state, parameters)``: a scalar tensor, the sum over the mini-batch."""

VectorField = Callable[[torch.Tensor, State, Parameters], State]
"""``F(x, state, parameters)``: the next state."""


def _output_nudged(new: State, nudge: Array | None) -> State:
    return new if nudge is None else (new[0] - nudge, *new[1:])


def _leaves(parameters: Parameters) -> Parameters:
    return {name: value.detach().requires_grad_() for name, value in parameters.items()}


def _mean_gradients(
    scalar: torch.Tensor, leaves: Parameters, batch: int, *, keep_graph: bool
) -> dict[str, torch.Tensor]:
    found = torch.autograd.grad(
        scalar,
        list(leaves.values()),
        create_graph=keep_graph,
        allow_unused=True,
        materialize_grads=True,
    )
    return {name: g / batch for name, g in zip(leaves, found, strict=True)}


@dataclass(frozen=True)
class PrimitiveNetwork:
    """The network ``F = dPhi/ds`` of a differentiable primitive function.

    Attributes:
        phi: the primitive function; sums over the mini-batch, so that one sample's state does not
            enter another's transition.

    """

    phi: PrimitiveFunction

    @property
    def time_scale(self) -> float:
        """1: the nudge is subtracted from the next state as it is."""
        return 1.0

    def _value(self, x: torch.Tensor, state: State, parameters: Parameters) -> torch.Tensor:
        value = self.phi(x, state, parameters)
        if not isinstance(value, torch.Tensor) or value.ndim != 0:
            shape = tuple(value.shape) if isinstance(value, torch.Tensor) else type(value).__name__
            msg = f"primitive function: expected a scalar tensor (sum over samples), found {shape}"
            raise ValueError(msg)
        if not value.requires_grad:
            msg = (
                "primitive function: expected a value that depends differentiably on the state "
                "and parameters, found one without a gradient (detached, or computed in NumPy?)"
            )
            raise ValueError(msg)
        return value

    def transition(
        self, x: Array, state: State, parameters: Parameters, nudge: Array | None = None
    ) -> State:
        """``dPhi/ds``; keeps the graph when the caller differentiates through the transition.

        Raises:
            ValueError: ``phi`` does not return a scalar that depends on state and parameters.

        """
        keep = torch.is_grad_enabled()
        with torch.enable_grad():
            # An alias: the caller's parameters may depend on the state; this derivative is partial.
            at = tuple(
                s.view_as(s) if keep and s.requires_grad else s.detach().requires_grad_()
                for s in state
            )
            value = self._value(x, at, parameters)
            new = torch.autograd.grad(
                value, at, create_graph=keep, allow_unused=True, materialize_grads=True
            )
        return _output_nudged(new, nudge)

    def primitive_gradient(self, x: Array, state: State, parameters: Parameters) -> Parameters:
        """``dPhi/dtheta``, averaged over the mini-batch."""
        keep = torch.is_grad_enabled()
        with torch.enable_grad():
            leaves = _leaves(parameters)
            value = self._value(x, state, leaves)
            return _mean_gradients(value, leaves, x.shape[0], keep_graph=keep)

    def vector_field_gradient(
        self, x: Array, state: State, parameters: Parameters, change: State
    ) -> Parameters:
        """``(dF/dtheta)^T change``, averaged over the mini-batch."""
        return _vjp(self.transition, x, state, parameters, change)


@dataclass(frozen=True)
class VectorFieldNetwork:
    """A network given by its transition ``F`` itself, which need not be any function's gradient.

    Only C-VF is defined for it; EP and C-EP need a primitive function.

    Attributes:
        field: ``F``, on tensors, differentiable.

    """

    field: VectorField

    @property
    def time_scale(self) -> float:
        """1: the nudge is subtracted from the next state as it is."""
        return 1.0

    def transition(
        self, x: Array, state: State, parameters: Parameters, nudge: Array | None = None
    ) -> State:
        """``F(x, s, theta)``, nudged at the output."""
        return _output_nudged(self.field(x, state, parameters), nudge)

    def primitive_gradient(self, x: Array, state: State, parameters: Parameters) -> Parameters:
        """Refuse: a vector field has no primitive function.

        Raises:
            TypeError: always.

        """
        msg = "a vector field has no primitive function: use rule C-VF, or a PrimitiveNetwork"
        raise TypeError(msg)

    def vector_field_gradient(
        self, x: Array, state: State, parameters: Parameters, change: State
    ) -> Parameters:
        """``(dF/dtheta)^T change``, averaged over the mini-batch."""
        return _vjp(self.transition, x, state, parameters, change)


def _vjp(
    transition: VectorField, x: torch.Tensor, state: State, parameters: Parameters, change: State
) -> Parameters:
    keep = torch.is_grad_enabled()
    with torch.enable_grad():
        leaves = _leaves(parameters)
        new = transition(x, tuple(s.detach().requires_grad_() for s in state), leaves)
        pairing = sum((f * c).sum() for f, c in zip(new, change, strict=True))
        return _mean_gradients(torch.as_tensor(pairing), leaves, x.shape[0], keep_graph=keep)
