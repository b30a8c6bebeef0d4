"""The network of the augmented primitive function, in which EP is C-EP.

When the primitive function ``Phi`` is linear in its parameters, C-EP at ``kappa = eta / beta'`` is
exactly EP in

    Phi~(x, s, theta) = Phi(x, s, theta) + B/2 sum kappa (h(s) - h(s_*))^2,    h = dPhi/dtheta,

``h`` being the mean over the ``B`` samples of a mini-batch and the sum running over the parameters.
The square is differentiated, not written out, in whatever number system the network runs.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import TypeAlias

import torch

from cep_core.arrays import Array, Parameters, Scalar, State
from cep_core.networks.convolution import per_unit
from cep_core.networks.edges import bias
from cep_core.networks.network import Network
from cep_core.networks.wrapped import Delegate, answering

Differentiate: TypeAlias = Callable[[Callable[[State], Scalar], State], State]
"""From a function of the state with one number for its value, and a state: the derivative there."""


@dataclass(frozen=True)
class Augmented(Delegate):
    """The network of ``Phi~``, from the network of ``Phi``; see :func:`augmented`.

    The square does not depend on ``theta``, so that derivatives in ``theta`` are those of ``Phi``.

    Attributes:
        base: the network of ``Phi``.
        kappa: one number per parameter.
        anchor: ``h(s_*)``.
        differentiate: how the number system differentiates.
        in_the_field: whether the derivative of ``Phi`` goes through an activation (prototypical
            setting), where that of the square then goes too.

    """

    kappa: Mapping[str, Scalar]
    anchor: Parameters
    differentiate: Differentiate
    in_the_field: bool

    def _square(self, state: State, x: Array, parameters: Parameters) -> Scalar:
        total: Scalar = 0
        for name, h in self.base.primitive_gradient(x, state, parameters).items():
            moved = h - self.anchor[name]
            total = (moved * moved).sum() * self.kappa[name] + total
        return total * x.shape[0] / 2

    def _added(self, x: Array, state: State, parameters: Parameters) -> State:
        return self.differentiate(partial(self._square, x=x, parameters=parameters), state)

    def _felt(self, x: Array, state: State, parameters: Parameters) -> Parameters:
        """The parameters with what the square adds to every field, sample by sample, as a bias."""
        added = enumerate(self._added(x, state, parameters))
        return parameters | {bias(n): per_unit(parameters[bias(n)], a) + a for n, a in added}

    def transition(
        self, x: Array, state: State, parameters: Parameters, nudge: Array | None = None
    ) -> State:
        """``dPhi~/ds``, or the activation of it, nudged as the base is."""
        if self.in_the_field:
            return self.base.transition(x, state, self._felt(x, state, parameters), nudge)
        new = self.base.transition(x, state, parameters, nudge)
        added = self._added(x, state, parameters)
        return tuple(s + a for s, a in zip(new, added, strict=True))

    def arguments(self, x: Array, state: State, parameters: Parameters) -> State:
        """Where the base's activations are evaluated, the square included."""
        felt = self._felt(x, state, parameters) if self.in_the_field else parameters
        return super().arguments(x, state, felt)


def augmented(
    network: Network,
    x: Array,
    steady: State,
    parameters: Parameters,
    *,
    kappa: Mapping[str, Scalar],
    differentiate: Differentiate,
) -> Augmented:
    """Return the network of ``Phi~`` about ``steady``.

    Args:
        network: that of ``Phi``, which is linear in the parameters; a bias ``b_n`` on every layer
            if its activations come after ``dPhi/ds``.
        x: input, shape ``(B, size_x)``.
        steady: ``s_*``, from which the nudged phase starts.
        parameters: ``theta_0``.
        kappa: ``eta / beta'`` of every parameter.
        differentiate: how the number system differentiates.

    """
    anchor = network.primitive_gradient(x, steady, parameters)
    slopes = answering(network).followed_slopes(x, steady, parameters, modified_loss=True)
    return Augmented(network, kappa, anchor, differentiate, in_the_field=slopes is not None)


def by_autograd(function: Callable[[State], Scalar], state: State) -> State:
    """Differentiate a function of tensors by PyTorch."""
    with torch.enable_grad():
        at = tuple(s.detach().requires_grad_() for s in state)
        return torch.autograd.grad(function(at), at, allow_unused=True, materialize_grads=True)
