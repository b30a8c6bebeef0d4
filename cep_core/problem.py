"""A problem: a network with its parameters on a mini-batch, settled or not.

It bundles what the two sides of the GDU property are computed from.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import torch

from cep_core.arrays import Array, Parameters, State
from cep_core.losses import Loss, SquaredError
from cep_core.networks import Network
from cep_core.phases import free_phase


@dataclass(frozen=True)
class Problem:
    """A network, its parameters, a mini-batch, the loss that nudges, and the steady state.

    Attributes:
        network: the dynamics.
        x: input, shape ``(B, ...)``.
        y: target, as the loss takes it; ``(B, size_0)`` for the squared error.
        parameters: ``theta``.
        loss: whose gradient nudges the output.
        steady: the steady state ``s_*``; None before :meth:`settled`.

    """

    network: Network
    x: Array
    y: Array
    parameters: Parameters
    loss: Loss = field(default_factory=SquaredError)
    steady: State | None = None

    @property
    def rest(self) -> State:
        """The steady state.

        Raises:
            ValueError: the problem is not settled.

        """
        if self.steady is None:
            raise ValueError("steady: expected a steady state (Problem.settled), found none")
        return self.steady

    def to(self, dtype: torch.dtype) -> Problem:
        """The same problem with input, parameters and steady state in another dtype, e.g. complex.

        The target stays as it is, and so does an input that is no tensor.

        Args:
            dtype: of PyTorch.

        Raises:
            ValueError: the problem is not settled.

        """
        return replace(
            self,
            x=self.x.to(dtype) if isinstance(self.x, torch.Tensor) else self.x,
            parameters={name: value.to(dtype) for name, value in self.parameters.items()},
            steady=tuple(s.to(dtype) for s in self.rest),
        )

    def settled(
        self, *, steps: int = 20_000, tolerance: float = 1e-14, start: State | None = None
    ) -> Problem:
        """The same problem at the end of a free phase.

        Args:
            steps: the most transitions that are made.
            tolerance: largest change in one transition that counts as rest.
            start: first state; 0 unless given.

        """
        free = free_phase(
            self.network, self.x, self.parameters, steps=steps, tolerance=tolerance, start=start
        )
        return replace(self, steady=free.state)
