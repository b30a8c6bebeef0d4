"""The fast engine: the prototypical setting trained at the speed that the algebra allows."""

from cep_core.fast.engine import BatchedEngine, FastEngine
from cep_core.fast.reach import out_of_reach

__all__ = ["BatchedEngine", "FastEngine", "out_of_reach"]
