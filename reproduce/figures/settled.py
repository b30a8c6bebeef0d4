"""A network of a figure, settled on its digit: both sides of the property."""

from __future__ import annotations

from dataclasses import dataclass

import torch

from cep_core.check.bptt import nabla
from cep_core.check.delta import delta, followed_gradients
from cep_core.check.processes import Processes
from cep_core.networks.initial import initial_parameters
from cep_core.phases import free_phase
from cep_core.problem import Problem
from cep_core.rules import Rule
from reproduce.figures.sample import Sample
from reproduce.figures.specs import (
    Setting,
    Shared,
    network_of,
)


@dataclass(frozen=True)
class Settled:
    """A problem settled on a sample, its rule and the number of steps that are compared."""

    problem: Problem
    rule: Rule
    residual: float
    steps: int

    def updates(self, beta: float, kappa: dict[str, float] | float) -> Processes:
        """``Delta``."""
        return delta(self.problem, self.rule, beta=beta, kappa=kappa, steps=self.steps)

    def gradients(self) -> Processes:
        """``nabla`` of what the network follows."""
        return followed_gradients(self.problem, nabla(self.problem, steps=self.steps))


def settle(
    shared: Shared, setting: Setting, dynamics: str, rule: Rule, angle: float | None, sample: Sample
) -> Settled:
    """Settle the network of a setting, in the named dynamics, on a sample."""
    network = network_of(setting, dynamics, rule, shared.activation, shared.layers)
    generator = torch.Generator().manual_seed(shared.seed)
    if setting.channels:
        parameters = setting.maps(shared.layers).initial(generator, angle=angle)
    else:
        parameters = initial_parameters(shared.layers, generator=generator, backward_angle=angle)
    free = free_phase(network, sample.x, parameters, steps=setting.free_steps)
    problem = Problem(network, sample.x, sample.y, parameters, steady=free.state)
    return Settled(problem, rule, free.residual, setting.nudged_steps)
