"""The prototypical (discrete-time) setting, with the nudge inside or outside the activation."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from cep_core.activations import Activation
from cep_core.arrays import Array, Parameters, Scalar, State
from cep_core.networks.layered import hebbian, one_sided, pre_activations

Nudge = Literal["outside", "inside"]


@dataclass(frozen=True)
class Prototypical:
    """Prototypical (discrete-time) setting: ``s^n <- sigma(a^n)`` (C-EP paper, section 4).

    ``a^n = W_{n,n+1} s^{n+1} + W_{n-1,n}^T s^{n-1} + b^n`` and
    ``Phi = sum_n s^n W_{n,n+1} s^{n+1} + b^n s^n``, read without the activation.

    Attributes:
        activations: one per layer, output first.
        nudge: ``"outside"`` for the published ``sigma(a^0) - beta dl/ds^0``; ``"inside"`` for
            ``sigma(a^0 - beta dl/ds^0)``, with which Theorem 1 is exact in the squared error.

    """

    activations: tuple[Activation, ...]
    nudge: Nudge = "outside"

    @property
    def time_scale(self) -> Scalar:
        """1: a discrete-time step carries the whole nudge."""
        return 1

    def transition(
        self, x: Array, state: State, parameters: Parameters, nudge: Array | None = None
    ) -> State:
        """``sigma(a)`` on every layer at once; see :class:`Network`."""
        sums = list(pre_activations(x, state, parameters))
        if nudge is not None and self.nudge == "inside":
            sums[0] = sums[0] - nudge
        new = [sigma(a) for sigma, a in zip(self.activations, sums, strict=True)]
        if nudge is not None and self.nudge == "outside":
            new[0] = new[0] - nudge
        return tuple(new)

    def primitive_gradient(
        self,
        x: Array,
        state: State,
        parameters: Parameters,  # noqa: ARG002 - Phi is linear in the parameters
    ) -> Parameters:
        """Products of bare states, as published: ``s^n (s^{n+1})^T``; biases ``s^n``."""
        return hebbian(x, state, None)

    def arguments(self, x: Array, state: State, parameters: Parameters) -> State:
        """Where each activation is evaluated: the pre-activations ``a^n``, shaped as a state."""
        return pre_activations(x, state, parameters)

    def vector_field_gradient(
        self, x: Array, state: State, parameters: Parameters, change: State
    ) -> Parameters:
        """``(da/dtheta)^T change``, as published.

        The slope of the activation is already in ``change``: a small change of the state is the
        slope times the change of the pre-activation.
        """
        return one_sided(x, state, change, parameters)
