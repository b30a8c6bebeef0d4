"""The prototypical setting with a correction as a device might make it.

The correction needs each weight at both of its ends, and the slope of every unit at rest. A device
has neither exactly: copies of a weight differ by a fixed mismatch, slopes may be left out, or be
known for the mean of a mini-batch only.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Literal

import torch

from cep_core.arrays import Array, Parameters, State
from cep_core.networks import Prototypical
from cep_core.networks.edges import coupling

SlopesAtRest = Literal["own", "none", "mean"]
"""Of every unit and sample; 1 everywhere; of the mini-batch's mean argument."""


@cache
def _mismatch(shape: tuple[int, ...], seed: int, dtype: torch.dtype) -> torch.Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(shape, generator=generator, dtype=torch.float64).to(dtype)


@dataclass(frozen=True)
class Inexact(Prototypical):
    """A network whose nudge is outside and whose correction is not exact.

    Attributes:
        mismatch: relative standard deviation of the weights that the correction sees, a fixed
            factor ``1 + mismatch N(0, 1)`` for each weight at either of its ends.
        slopes_at_rest: which slopes the correction has.
        sloped: whether the increments have the slope.

    """

    mismatch: float = 0.0
    slopes_at_rest: SlopesAtRest = "own"
    sloped: bool = True

    def _seen(self, parameters: Parameters, end: int) -> Parameters:
        if not self.mismatch:
            return parameters
        return {
            name: w * (1 + self.mismatch * _mismatch(tuple(w.shape), 2 * place + end, w.dtype))
            for place, (name, w) in enumerate(parameters.items())
        }

    def _slopes_at(self, x: Array, steady: State, parameters: Parameters) -> State:
        arguments = self.arguments(x, steady, parameters)
        if self.slopes_at_rest == "none":
            return tuple(torch.ones_like(a) for a in arguments)
        if self.slopes_at_rest == "mean":
            arguments = tuple(a.mean(0, keepdim=True).expand_as(a) for a in arguments)
        return tuple(f.slope(a) for f, a in zip(self.activations, arguments, strict=True))

    def asymmetry(self, x: Array, steady: State, parameters: Parameters, vector: State) -> State:
        """``(J - J^T) v`` as the device makes it: ``D W' v - W''^T D v``."""
        edges = self.connections(parameters)
        slopes = self._slopes_at(x, steady, parameters)
        forth = coupling(edges, vector, self._seen(parameters, 0), at=steady)
        sloped = tuple(v * d for v, d in zip(vector, slopes, strict=True))
        seen = self._seen(parameters, 1)
        back = coupling(edges, sloped, seen, at=steady, transposed=True)
        return tuple(f * d - b for f, b, d in zip(forth, back, slopes, strict=True))

    def pullback(self, x: Array, state: State, parameters: Parameters, change: State) -> Parameters:
        """``(dF/dtheta)^T change``, with the slope or without."""
        if self.sloped:
            return super().pullback(x, state, parameters, change)
        return self.vector_field_gradient(x, state, parameters, change)
