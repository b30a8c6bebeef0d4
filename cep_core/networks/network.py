"""What a network answers: the contract that phases, rules and checks ask for."""

from __future__ import annotations

from typing import Protocol

from cep_core.arrays import Array, Parameters, Scalar, State


class Network(Protocol):
    """A static-input network that settles: what the phases, rules and checks ask for."""

    @property
    def time_scale(self) -> Scalar:
        """The factor that a nudge carries into one transition: 1, or ``dt`` when real-time."""

    def transition(
        self, x: Array, state: State, parameters: Parameters, nudge: Array | None = None
    ) -> State:
        """One synchronous step ``s_{t+1} = F(x, s_t, theta)``, nudged by ``-time_scale * nudge``.

        ``nudge`` is ``beta * dl/ds^0`` of shape ``(B, size_0)``, or None in the free phase.
        """

    def primitive_gradient(self, x: Array, state: State, parameters: Parameters) -> Parameters:
        """``dPhi/dtheta``, averaged over the mini-batch."""

    def vector_field_gradient(
        self, x: Array, state: State, parameters: Parameters, change: State
    ) -> Parameters:
        """``(dF/dtheta)^T change`` averaged over the mini-batch; ``change`` is like a state."""
