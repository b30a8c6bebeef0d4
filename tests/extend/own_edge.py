"""A kind of edge of one's own: one unit to one unit, each with a weight of its own."""

from dataclasses import dataclass

import torch

from cep_core import Array, Parameters


@dataclass(frozen=True)
class OneToOne:
    """``d * v``: a vector ``d`` of weights between two layers of one size.

    The adjoint of a diagonal matrix is itself; written with the operations that every number system
    has, the edge is trained, checked and proved alike.
    """

    target: int
    source: int
    tied: bool = True

    @property
    def names(self) -> tuple[str, ...]:
        return (f"D_{self.target}_{self.source}",)

    def forward(self, source: Array, parameters: Parameters) -> Array:
        return source * parameters[self.names[0]]

    def adjoint(self, signal: Array, at: Array, parameters: Parameters) -> Array:
        return signal * parameters[self.names[0]]

    def gradient(
        self, source: Array, signal: Array, at: Array, parameters: Parameters
    ) -> Parameters:
        return {self.names[0]: (signal * source).sum(0)}

    def target_shape(
        self, source: tuple[int, ...] | None, parameters: Parameters
    ) -> tuple[int, ...]:
        return (parameters[self.names[0]].shape[0],)

    def initial(self, sizes: list[int], generator: torch.Generator) -> dict[str, torch.Tensor]:
        drawn = torch.rand(sizes[self.target], generator=generator, dtype=torch.float64)
        return {self.names[0]: drawn - 0.5}
