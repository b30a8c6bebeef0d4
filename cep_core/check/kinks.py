"""Units near a kink of their activation: one test, for every check that a kink makes void."""

from __future__ import annotations

import math
from dataclasses import dataclass

from cep_core.activations import kinks
from cep_core.arrays import Array, Parameters, State
from cep_core.networks import Network, answering


@dataclass(frozen=True)
class NearestKink:
    """The unit that is nearest to a kink of its activation.

    Attributes:
        distance: between the activation's argument and the kink; infinite if there is none.
        layer: of the unit, the output being 0.
        kink: where the activation is not differentiable.
        activation: its name.

    """

    distance: float
    layer: int = 0
    kink: float = math.nan
    activation: str = ""


def nearest_kink(network: Network, x: Array, state: State, parameters: Parameters) -> NearestKink:
    """Look at every unit where its activation is evaluated, not at the state that comes of it.

    A saturated unit of a hard sigmoid has a state *at* the kink's value and an argument far from
    it: nothing is void there. Networks that do not tell their activations have none here.
    """
    asked = answering(network)
    pairs = zip(asked.activations, asked.arguments(x, state, parameters), strict=False)
    found = [
        NearestKink(float((argument - kink).abs().min()), n, kink, activation.name)
        for n, (activation, argument) in enumerate(pairs)
        for kink in kinks(activation)
    ]
    return min(found, key=lambda near: near.distance, default=NearestKink(math.inf))
