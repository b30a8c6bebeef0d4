"""The fast engine: the prototypical setting trained at the speed that the algebra allows."""

from cep_core.fast.captured import CapturedEngine
from cep_core.fast.convolutional import ConvolutionalEngine
from cep_core.fast.convolutional import out_of_reach as out_of_reach_of_maps
from cep_core.fast.engine import BatchedEngine
from cep_core.fast.reach import out_of_reach
from cep_core.fast.single import FastEngine, batched_engine

__all__ = [
    "BatchedEngine",
    "CapturedEngine",
    "ConvolutionalEngine",
    "FastEngine",
    "batched_engine",
    "out_of_reach",
    "out_of_reach_of_maps",
]
