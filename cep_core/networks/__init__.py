"""Networks: the contract, and those that come with the project."""

from cep_core.networks.energy_based import DriftSlope, EnergyBased
from cep_core.networks.layered import bias, pre_activations, weight
from cep_core.networks.network import Network
from cep_core.networks.prototypical import Nudge, Prototypical

__all__ = [
    "DriftSlope",
    "EnergyBased",
    "Network",
    "Nudge",
    "Prototypical",
    "bias",
    "pre_activations",
    "weight",
]
