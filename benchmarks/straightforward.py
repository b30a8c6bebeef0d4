"""What one would write from the paper: every step in full, weights updated at every step.

Kept as the yardstick of the benchmarks. PyTorch operations on whole matrices, the paper's formulas
as they stand, a ``DataLoader`` for the mini-batches; nothing is cached, reused or done in place.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import torch
from torch.utils.data import DataLoader, Dataset


class Digits(Dataset[tuple[torch.Tensor, torch.Tensor]]):
    """Images as bytes with their labels, scaled and encoded when they are asked for."""

    def __init__(self, images: torch.Tensor, labels: torch.Tensor, classes: int) -> None:
        """Take ``images`` (samples, pixels) in 0 … 255 and ``labels`` (samples,)."""
        self.images, self.labels, self.classes = images, labels, classes

    def __len__(self) -> int:
        """Count the samples."""
        return len(self.labels)

    def __getitem__(self, index: int) -> tuple[torch.Tensor, torch.Tensor]:
        """Return pixels in [0, 1] and the one-hot target of one sample."""
        target = torch.nn.functional.one_hot(self.labels[index], self.classes)
        return self.images[index].float() / 255, target.float()


def shuffled(digits: Digits, batch: int) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
    """Mini-batches for ever, shuffled anew in every epoch."""
    while True:
        yield from DataLoader(digits, batch_size=batch, shuffle=True)


def sigma(v: torch.Tensor) -> torch.Tensor:
    """The paper's activation."""
    return 1 / (1 + torch.exp(-4 * (v - 0.5)))


class Straightforward:
    """EP, C-EP or C-VF in the prototypical setting, nudged outside the activation.

    ``forward[n]`` carries layer ``n + 1`` to layer ``n`` (the last one carries the input),
    ``backward[n]`` layer ``n`` to layer ``n + 1`` and is ``forward[n].T`` unless the rule is C-VF.
    """

    def __init__(
        self,
        rule: str,
        parameters: dict[str, torch.Tensor],
        rates: Sequence[float],
        *,
        free_steps: int,
        nudged_steps: int,
    ) -> None:
        """Take copies of parameters named as in ``cep_core`` and rates from output to input."""
        self.rule, self.rates = rule, rates
        self.free_steps, self.nudged_steps = free_steps, nudged_steps
        self.layers = len(rates)
        above = [*range(1, self.layers), "x"]
        self.forward = [parameters[f"W_{n}_{m}"].clone() for n, m in enumerate(above)]
        self.biases = [parameters[f"b_{n}"].clone() for n in range(self.layers)]
        self.backward = [
            parameters[f"W_{n + 1}_{n}"].clone() for n in range(self.layers - 1) if rule == "C-VF"
        ]

    def step(self, x: torch.Tensor, state: list[torch.Tensor]) -> list[torch.Tensor]:
        """One synchronous step of all layers."""
        new = []
        for n in range(self.layers):
            above = x if n == self.layers - 1 else state[n + 1]
            field = above @ self.forward[n].T + self.biases[n]
            if n > 0:
                down = self.backward[n - 1].T if self.rule == "C-VF" else self.forward[n - 1]
                field = field + state[n - 1] @ down
            new.append(sigma(field))
        return new

    def learn(self, x: torch.Tensor, y: torch.Tensor, beta: float) -> None:
        """Free phase, nudged phase and update on one mini-batch."""
        state = [torch.zeros(len(x), len(b), dtype=b.dtype) for b in self.biases]
        for _ in range(self.free_steps):
            state = self.step(x, state)
        steady = state
        for _ in range(self.nudged_steps):
            new = self.step(x, state)
            new[0] = new[0] + beta * (y - state[0])
            if self.rule == "C-EP":
                self.update_by_primitive(x, state, new, beta)
            elif self.rule == "C-VF":
                self.update_by_field(x, state, new, beta)
            state = new
        if self.rule == "EP":
            self.update_by_primitive(x, steady, state, beta)

    def update_by_primitive(
        self, x: torch.Tensor, old: list[torch.Tensor], new: list[torch.Tensor], beta: float
    ) -> None:
        """``theta += eta / (beta B) (dPhi/dtheta(new) - dPhi/dtheta(old))``."""
        old_above, new_above = [*old[1:], x], [*new[1:], x]
        for n, rate in enumerate(self.rates):
            kappa = rate / (beta * len(x))
            hebbian = new[n].T @ new_above[n] - old[n].T @ old_above[n]
            self.forward[n] = self.forward[n] + kappa * hebbian
            self.biases[n] = self.biases[n] + kappa * (new[n] - old[n]).sum(0)

    def update_by_field(
        self, x: torch.Tensor, old: list[torch.Tensor], new: list[torch.Tensor], beta: float
    ) -> None:
        """``theta += eta / (beta B) (dF/dtheta)^T (new - old)``; not the input layer's bias."""
        above = [*old[1:], x]
        for n, rate in enumerate(self.rates):
            kappa = rate / (beta * len(x))
            change = new[n] - old[n]
            self.forward[n] = self.forward[n] + kappa * change.T @ above[n]
            if n < self.layers - 1:
                self.biases[n] = self.biases[n] + kappa * change.sum(0)
                up = (new[n + 1] - old[n + 1]).T @ old[n]
                self.backward[n] = self.backward[n] + kappa * up
