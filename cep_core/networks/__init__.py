"""Networks: the contract, edges between layers, and the settings that come with the project."""

from cep_core.networks.convolution import (
    ChannelBias,
    Convolution,
    DenseFromMaps,
    DenseToMaps,
    UntiedConvolution,
)
from cep_core.networks.convolutional import ConvolutionalShape, LaggedWinners
from cep_core.networks.edges import Bias, Dense, Edge, bias, chain, fields, weight
from cep_core.networks.energy_based import DriftSlope, EnergyBased
from cep_core.networks.layered import Layered, edges_of
from cep_core.networks.named import SETTINGS, network_named, published_drift
from cep_core.networks.network import AnsweringNetwork, Network
from cep_core.networks.pooling import AveragePooling, MaxPooling, Pooling, SoftmaxPooling
from cep_core.networks.prototypical import Nudge, Prototypical
from cep_core.networks.wrapped import Delegate, answering

__all__ = [
    "SETTINGS",
    "AnsweringNetwork",
    "AveragePooling",
    "Bias",
    "ChannelBias",
    "Convolution",
    "ConvolutionalShape",
    "Delegate",
    "Dense",
    "DenseFromMaps",
    "DenseToMaps",
    "DriftSlope",
    "Edge",
    "EnergyBased",
    "LaggedWinners",
    "Layered",
    "MaxPooling",
    "Network",
    "Nudge",
    "Pooling",
    "Prototypical",
    "SoftmaxPooling",
    "UntiedConvolution",
    "answering",
    "bias",
    "chain",
    "edges_of",
    "fields",
    "network_named",
    "published_drift",
    "weight",
]
