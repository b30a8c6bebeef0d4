"""The record that both sides of the GDU property fill, and the only thing that they share."""

from __future__ import annotations

from dataclasses import dataclass

import torch


@dataclass(frozen=True)
class Processes:
    """A process of every neuron and every parameter, time first.

    Attributes:
        state: per layer, output first, shape ``(K, B, size_n)``.
        parameters: by name, shape ``(K, *parameter.shape)``.

    """

    state: tuple[torch.Tensor, ...]
    parameters: dict[str, torch.Tensor]

    @property
    def by_name(self) -> dict[str, torch.Tensor]:
        """Every process by name: ``s_0``, ``s_1``, … and the parameters."""
        return {f"s_{n}": s for n, s in enumerate(self.state)} | self.parameters


def mean_of(one: Processes, other: Processes) -> Processes:
    """The mean of two processes."""
    return Processes(
        tuple((a + b) / 2 for a, b in zip(one.state, other.state, strict=True)),
        {name: (a + other.parameters[name]) / 2 for name, a in one.parameters.items()},
    )
