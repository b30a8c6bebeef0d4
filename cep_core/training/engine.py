"""What trains: the interface of an engine, and the definition as an engine."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Literal, Protocol

import torch

from cep_core.arrays import Parameters
from cep_core.learning import Procedure, learn_batch
from cep_core.networks import Network
from cep_core.phases import free_phase

NUMERICS = 2
"""Version of the arithmetic: raised by whatever changes the bits of a training run."""

EngineName = Literal["fast", "reference"]


class Engine(Protocol):
    """Trains one network in place; the definition and the fast engine answer alike.

    An engine is made of ``(network, procedure, parameters, rates)``, takes copies of the
    parameters, and works in their dtype and on their device.
    """

    def load(self, parameters: Parameters) -> None:
        """Replace the parameters by copies of these (same names and shapes)."""

    def parameters(self) -> dict[str, torch.Tensor]:
        """Return copies of the parameters by name, in the order in which they were given."""

    def memory(self) -> dict[str, torch.Tensor]:
        """Return copies of what the rule remembers from one mini-batch to the next, by name."""

    def recall(self, memory: Parameters) -> None:
        """Replace what the rule remembers by copies of this, as :meth:`memory` returned it."""

    @property
    def steady_state(self) -> tuple[torch.Tensor, ...]:
        """End of the last mini-batch's free phase: ``(B, size_n)`` per layer, output first."""

    def learn(self, x: torch.Tensor, y: torch.Tensor, sign: int = 1) -> torch.Tensor:
        """Learn one mini-batch; return the output layer at the end of its free phase.

        Args:
            x: inputs, shape ``(B, size_x)``; ``B`` may differ from one call to the next.
            y: targets, shape ``(B, size_0)``.
            sign: +1 or -1, the sign of ``beta``.

        Returns:
            Shape ``(B, size_0)``; may be overwritten by the next call.

        """

    def predict(self, x: torch.Tensor) -> torch.Tensor:
        """Return the output after a free phase of ``T`` steps, shape ``(samples, size_0)``."""


MEMORY = "memory/"
"""Begins the names of what a rule remembers, beside the parameters' in a state."""


def state_of(engine: Engine) -> dict[str, torch.Tensor]:
    """Return copies of everything that the next mini-batch depends on, parameters and memory."""
    remembered = {f"{MEMORY}{name}": value for name, value in engine.memory().items()}
    return engine.parameters() | remembered


def restore(engine: Engine, state: Mapping[str, torch.Tensor]) -> None:
    """Replace parameters and memory by copies of a state, as :func:`state_of` returned it."""
    engine.load(parameters_in(state))
    engine.recall({n.removeprefix(MEMORY): v for n, v in state.items() if n.startswith(MEMORY)})


def parameters_in(state: Mapping[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """Return the parameters of a state by name."""
    return {name: value for name, value in state.items() if not name.startswith(MEMORY)}


def parts(rows: torch.Tensor, size: int) -> Iterator[torch.Tensor]:
    """Successive ``size`` rows, the last part possibly smaller."""
    return (rows[start : start + size] for start in range(0, len(rows), size))


class ReferenceEngine:
    """The definition (:func:`cep_core.learning.learn_batch`) as an engine; trains any network."""

    def __init__(
        self,
        network: Network,
        procedure: Procedure,
        parameters: Parameters,
        rates: Mapping[str, float],
    ) -> None:
        """Take copies of the parameters, and the learning rate of each by name."""
        self.network = network
        self.procedure = procedure
        self.rates = dict(rates)
        self._steady_state: tuple[torch.Tensor, ...] = ()
        self._memory = procedure.rule.init(parameters)
        self.load(parameters)

    def load(self, parameters: Parameters) -> None:
        """Replace the parameters by copies of these; what the rule remembers stays."""
        self._parameters = {name: value.clone() for name, value in parameters.items()}

    def parameters(self) -> dict[str, torch.Tensor]:
        """Return copies of the parameters by name."""
        return {name: value.clone() for name, value in self._parameters.items()}

    def memory(self) -> dict[str, torch.Tensor]:
        """Return copies of what the rule remembers; see :class:`Engine`."""
        return {name: value.clone() for name, value in self._memory.items()}

    def recall(self, memory: Parameters) -> None:
        """Replace what the rule remembers by copies of this; see :class:`Engine`."""
        self._memory = {name: value.clone() for name, value in memory.items()}

    def learn(self, x: torch.Tensor, y: torch.Tensor, sign: int = 1) -> torch.Tensor:
        """Learn one mini-batch; see :class:`Engine`."""
        learned = learn_batch(
            self.network,
            self.procedure,
            x,
            y,
            self._parameters,
            self.rates,
            sign=sign,
            memory=self._memory,
        )
        self._parameters, self._memory = learned.parameters, learned.memory
        self._steady_state = learned.free.state
        output: torch.Tensor = learned.free.state[0]
        return output

    @property
    def steady_state(self) -> tuple[torch.Tensor, ...]:
        """End of the last mini-batch's free phase; see :class:`Engine`.

        Raises:
            ValueError: no mini-batch has been learned.

        """
        if not self._steady_state:
            raise ValueError("steady_state: expected a mini-batch to have been learned, found none")
        return self._steady_state

    def predict(self, x: torch.Tensor, *, rows: int = 1000) -> torch.Tensor:
        """Return the output after the free phase, ``rows`` samples at a time."""
        steps = self.procedure.free_steps
        return torch.cat(
            [
                free_phase(self.network, part, self._parameters, steps=steps).state[0]
                for part in parts(x, rows)
            ]
        )
