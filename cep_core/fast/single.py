"""The engine for one network, as training asks for it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch

from cep_core.arrays import Parameters
from cep_core.fast.captured import CapturedEngine
from cep_core.fast.engine import BatchedEngine
from cep_core.learning import Procedure
from cep_core.networks import Prototypical


def batched_engine(
    network: Prototypical,
    procedure: Procedure,
    parameters: Sequence[Parameters],
    rates: Mapping[str, float],
) -> BatchedEngine:
    """Make the engine for several networks that suits the device of their parameters."""
    on_gpu = next(iter(parameters[0].values())).is_cuda
    kind = CapturedEngine if on_gpu else BatchedEngine
    return kind(network, procedure, parameters, rates)


class FastEngine:
    """Trains one network; the same results as :func:`cep_core.learning.learn_batch`."""

    def __init__(
        self,
        network: Prototypical,
        procedure: Procedure,
        parameters: Parameters,
        rates: Mapping[str, float],
    ) -> None:
        """As :class:`cep_core.fast.BatchedEngine`, for the parameters of one network."""
        self._batched = batched_engine(network, procedure, [parameters], rates)

    def learn(self, x: torch.Tensor, y: torch.Tensor, sign: int = 1) -> torch.Tensor:
        """Learn one mini-batch and return the free phase's output.

        Args:
            x: inputs, shape ``(B, size_x)``.
            y: targets, shape ``(B, size_0)``.
            sign: +1 or -1, the sign of ``beta``.

        Returns:
            Output layer at the end of the free phase, shape ``(B, size_0)``; overwritten by the
            next mini-batch.

        """
        return self._batched.learn(x[None], y[None], sign)[0]

    @property
    def steady_state(self) -> tuple[torch.Tensor, ...]:
        """End of the last mini-batch's free phase: ``(B, size_n)`` per layer, output first."""
        return tuple(layer[0] for layer in self._batched.steady_state)

    def predict(self, x: torch.Tensor) -> torch.Tensor:
        """Output after a free phase of ``T`` steps, shape ``(samples, size_0)``."""
        return self._batched.predict(x[None])[0]

    def parameters(self) -> dict[str, torch.Tensor]:
        """Parameters by name, as copies."""
        return self._batched.parameters()[0]

    def load(self, parameters: Parameters) -> None:
        """Replace the parameters by copies of these."""
        self._batched.load([parameters])

    def memory(self) -> dict[str, torch.Tensor]:
        """Nothing: no rule within reach remembers anything."""
        return {}

    def recall(self, memory: Parameters) -> None:
        """Take an empty memory.

        Raises:
            ValueError: it is not empty.

        """
        if memory:
            found = ", ".join(memory)
            raise ValueError(f"memory: expected none under the fast engine, found {found}")
