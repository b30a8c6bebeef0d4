"""What a network answers: the contract that phases, rules and checks ask for."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import torch

from cep_core.activations import Activation
from cep_core.arrays import Array, Parameters, Scalar, State


class Network(Protocol):
    """A static-input network that settles: what the phases, rules and checks ask for.

    These four members make a network of one's own. What else can be asked of a network
    (:class:`AnsweringNetwork`) has an answer for every network, by
    :func:`cep_core.networks.wrapped.answering`.
    """

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


class AnsweringNetwork(Network, Protocol):
    """A network that answers for itself everything that code may want to know of it."""

    @property
    def activations(self) -> tuple[Activation, ...]:
        """The activations, one per layer, output first; empty where they are not known."""

    @property
    def departures(self) -> tuple[str, ...]:
        """Where the network is known to depart from the theorem, one sentence each."""

    def arguments(self, x: Array, state: State, parameters: Parameters) -> State:
        """Where each activation is evaluated in the next transition, one array per activation."""

    def signals(self, x: Array, state: State) -> tuple[Array, State]:
        """What the input and every layer send along the edges.

        Raises:
            ValueError: the network has no layers, or does not tell.

        """

    def followed_slopes(
        self, x: Array, steady: State, parameters: Parameters, *, modified_loss: bool = False
    ) -> State | None:
        """``sigma'`` where the neurons' updates follow ``sigma' * nabla_s``; None: ``nabla_s``.

        Args:
            x: input.
            steady: the steady state ``s_*``.
            parameters: ``theta``.
            modified_loss: whether ``nabla`` is that of the loss which a nudge outside the
                activation follows.

        """

    def asymmetry(self, x: Array, steady: State, parameters: Parameters, vector: State) -> State:
        """``(J - J^T) vector`` at the steady state, in the variable in which the nudge enters.

        Taken out of the nudged phase it makes the updates follow BPTT without any symmetry; see
        :class:`cep_core.networks.corrected.Corrected`.
        """

    def pullback(self, x: Array, state: State, parameters: Parameters, change: State) -> Parameters:
        """``(dF/dtheta)^T change`` of a corrected phase's change, averaged over the mini-batch."""

    def doubts(
        self, x: Array, start: State, steady: State, parameters: Parameters, steps: int
    ) -> tuple[str, ...]:
        """What makes a comparison at this steady state void, one sentence each; none if nothing.

        Args:
            x: input.
            start: from which the free phase began.
            steady: where it ended.
            parameters: ``theta``.
            steps: how many transitions it made.

        """

    def zero_state(self, x: Array, parameters: Parameters) -> State:
        """The state 0 for the samples of ``x``, in the parameters' dtype.

        Raises:
            ValueError: the network cannot tell its state's shape.

        """

    def learning_rates(
        self, parameters: Parameters, by_layer: Sequence[Scalar]
    ) -> dict[str, Scalar]:
        """One learning rate per layer, output first, spread over the parameters by name.

        Raises:
            ValueError: the number of rates is not that of the layers, or the network has none.

        """

    def initial_parameters(
        self,
        sizes: Sequence[int],
        *,
        generator: torch.Generator,
        dtype: torch.dtype = torch.float64,
        backward_angle: float | None = None,
    ) -> dict[str, torch.Tensor]:
        """Draw parameters for layers of these sizes, input first.

        Args:
            sizes: layer sizes, input first.
            generator: source of randomness, on the CPU.
            dtype: dtype of the result.
            backward_angle: initial angle in degrees between forward and backward weights; None
                for tied weights.

        Raises:
            ValueError: the network does not draw its own parameters.

        """
