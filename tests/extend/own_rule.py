"""A rule of one's own, with memory: EP with momentum."""

from dataclasses import dataclass

import torch

from cep_core import Parameters, Rule


@dataclass(frozen=True)
class Momentum(Rule):
    """A rule whose update is added to a velocity that decays from mini-batch to mini-batch."""

    decay: float = 0.9

    def init(self, parameters: Parameters) -> Parameters:
        return {name: torch.zeros_like(value) for name, value in parameters.items()}

    def step(
        self, memory: Parameters, parameters: Parameters, learned: Parameters
    ) -> tuple[Parameters, Parameters]:
        velocity = {
            name: self.decay * memory[name] + learned[name] - parameters[name] for name in learned
        }
        return velocity, {name: parameters[name] + velocity[name] for name in parameters}


EP_WITH_MOMENTUM = Momentum("EP with momentum", continual=False, vector_field=False)
