"""What every estimator returns, and how two of them are compared."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import torch

from cep_core.arrays import Parameters, State
from cep_core.networks import answering
from cep_core.problem import Problem


@dataclass(frozen=True)
class Estimate:
    """An estimate of the gradient of the loss through the steady state.

    The sign is that of the gradient: an update is minus it. The scale is that of the loss's sum
    over samples in the signal, of the mean over the mini-batch in the parameters.

    Attributes:
        terms: pairs of a state, with whose activities the parameters' products are made, and of a
            signal, in the variable in which a nudge enters (for the nudge inside an activation, the
            pre-activation). One pair, but for methods that go back through time step by step.

    """

    terms: tuple[tuple[State, State], ...]

    @property
    def signal(self) -> State:
        """The error signal, one array of shape ``(B, size_n)`` per layer, output first.

        At a settled state it estimates ``lambda = M^{-T} dl/dr``, the derivative of the loss in a
        constant input to each neuron.
        """
        layers = zip(*(signal for _, signal in self.terms), strict=True)
        return tuple(torch.stack(parts).sum(0) for parts in layers)

    def gradient(self, problem: Problem) -> Parameters:
        """Estimated gradient of the mean loss in the network's parameters, by name."""
        network = answering(problem.network)
        found: Parameters = {}
        for state, signal in self.terms:
            part = network.pullback(problem.x, state, problem.parameters, signal)
            for name, value in part.items():
                scaled = value / network.time_scale
                found[name] = found[name] + scaled if name in found else scaled
        return found


class Estimator(Protocol):
    """A way to estimate the gradient at a free state."""

    @property
    def name(self) -> str:
        """What a reader calls it, with its settings."""

    def __call__(self, problem: Problem) -> Estimate:
        """Estimate at ``problem.rest``.

        Raises:
            ValueError: the problem has no free state.

        """


def cosines(signal: State, other: State) -> tuple[float, ...]:
    """Cosine of the angle between two signals, layer by layer, over all samples and units.

    Not a number where one of the two vanishes.
    """
    found = []
    for a, b in zip(signal, other, strict=True):
        norms = a.norm() * b.norm()
        found.append(float((a * b).sum() / norms) if norms else float("nan"))
    return tuple(found)
