"""Networks that stand in for another one and change one of its answers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, cast

import torch

from cep_core.activations import Activation
from cep_core.arrays import Array, Parameters, Scalar, State
from cep_core.networks.jacobian import jacobian_asymmetry
from cep_core.networks.network import AnsweringNetwork, Network


@dataclass(frozen=True)
class Delegate:
    """A network that answers as another one does; a subclass overrides what it changes.

    A base with the four members of :class:`cep_core.networks.Network` alone is completed with what
    can be said of any network: its activations are not known, its neurons follow ``nabla_s``, and
    its first state and its learning rates are the user's to give.

    Attributes:
        base: the network that is asked.

    """

    base: Network

    @property
    def time_scale(self) -> Scalar:
        """That of the base."""
        return self.base.time_scale

    def transition(
        self, x: Array, state: State, parameters: Parameters, nudge: Array | None = None
    ) -> State:
        """That of the base."""
        return self.base.transition(x, state, parameters, nudge)

    def primitive_gradient(self, x: Array, state: State, parameters: Parameters) -> Parameters:
        """That of the base."""
        return self.base.primitive_gradient(x, state, parameters)

    def vector_field_gradient(
        self, x: Array, state: State, parameters: Parameters, change: State
    ) -> Parameters:
        """That of the base."""
        return self.base.vector_field_gradient(x, state, parameters, change)

    def _of_base(self, name: str, unknown: Any) -> Any:
        return getattr(self.base, name, unknown)

    @property
    def activations(self) -> tuple[Activation, ...]:
        """Those of the base; none if it does not tell."""
        return tuple(self._of_base("activations", ()))

    @property
    def departures(self) -> tuple[str, ...]:
        """Those of the base; none if it does not tell."""
        return tuple(self._of_base("departures", ()))

    def arguments(self, x: Array, state: State, parameters: Parameters) -> State:
        """Those of the base; none if it does not tell."""
        return cast("State", self._of_base("arguments", _nothing)(x, state, parameters))

    def signals(self, x: Array, state: State) -> tuple[Array, State]:
        """Those of the base.

        Raises:
            ValueError: the base does not tell what its layers send.

        """
        asked = self._of_base("signals", None)
        if asked is None:
            raise ValueError("network: expected one that tells what its layers send, found none")
        return cast("tuple[Array, State]", asked(x, state))

    def followed_slopes(
        self, x: Array, steady: State, parameters: Parameters, *, modified_loss: bool = False
    ) -> State | None:
        """Those of the base; None, for ``nabla_s`` itself, if it does not tell."""
        asked = self._of_base("followed_slopes", _none)
        return cast("State | None", asked(x, steady, parameters, modified_loss=modified_loss))

    def asymmetry(self, x: Array, steady: State, parameters: Parameters, vector: State) -> State:
        """That of the base, by automatic differentiation if it does not tell."""
        asked = self._of_base("asymmetry", None)
        if asked is not None:
            return cast("State", asked(x, steady, parameters, vector))
        return jacobian_asymmetry(self.base, x, steady, parameters, vector)

    def pullback(self, x: Array, state: State, parameters: Parameters, change: State) -> Parameters:
        """That of the base: what it calls ``(dF/dtheta)^T change`` if it does not tell."""
        asked = self._of_base("pullback", self.base.vector_field_gradient)
        return cast("Parameters", asked(x, state, parameters, change))

    def doubts(
        self, x: Array, start: State, steady: State, parameters: Parameters, steps: int
    ) -> tuple[str, ...]:
        """Those of the base; none if it does not tell."""
        found = self._of_base("doubts", _nothing)(x, start, steady, parameters, steps)
        return cast("tuple[str, ...]", found)

    def zero_state(self, x: Array, parameters: Parameters) -> State:
        """That of the base.

        Raises:
            ValueError: the base does not know its state's shape.

        """
        asked = self._of_base("zero_state", None)
        if asked is None:
            raise ValueError(
                "start: expected a first state, one tensor per layer, because the network does not "
                f"tell the shape of its state (parameters found {', '.join(parameters)})"
            )
        return cast("State", asked(x, parameters))

    def learning_rates(
        self, parameters: Parameters, by_layer: Sequence[Scalar]
    ) -> dict[str, Scalar]:
        """Those of the base.

        Raises:
            ValueError: the base does not know which parameters belong to a layer.

        """
        asked = self._of_base("learning_rates", None)
        if asked is None:
            raise ValueError(
                "learning rates: expected one per parameter by name, because the network does not "
                "tell which belong to a layer, found one per layer"
            )
        return cast("dict[str, Scalar]", asked(parameters, by_layer))

    def initial_parameters(
        self,
        sizes: Sequence[int],
        *,
        generator: torch.Generator,
        dtype: torch.dtype = torch.float64,
        backward_angle: float | None = None,
    ) -> dict[str, torch.Tensor]:
        """Those of the base.

        Raises:
            ValueError: the base does not draw its parameters.

        """
        asked = self._of_base("initial_parameters", None)
        if asked is None:
            raise ValueError("parameters: expected them to be given, found a network without any")
        drawn = asked(sizes, generator=generator, dtype=dtype, backward_angle=backward_angle)
        return cast("dict[str, torch.Tensor]", drawn)


def _nothing(*_: Any) -> State:
    return ()


def _none(*_: Any, **__: Any) -> None:
    return None


_ANSWERS = tuple(name for name in vars(AnsweringNetwork) if not name.startswith("_"))
"""What :class:`AnsweringNetwork` adds to the four members."""


def answering(network: Network) -> AnsweringNetwork:
    """The network itself if it answers everything, else completed by :class:`Delegate`."""
    if all(hasattr(network, name) for name in _ANSWERS):
        return cast("AnsweringNetwork", network)
    return Delegate(network)
