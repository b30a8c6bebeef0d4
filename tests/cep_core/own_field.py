"""A vector field of a user's own whose Jacobian is not symmetric, on a mini-batch of two."""

import torch

from cep_core.networks.primitive import VectorFieldNetwork
from cep_core.problem import Problem


def own_field():
    """The problem, settled."""

    def field(x, state, theta):
        out, hidden = state
        return (
            torch.tanh(hidden @ theta["up"].T) + 0.2 * out.square(),
            torch.tanh(out @ theta["down"].T + x @ theta["in"].T),
        )

    generator = torch.Generator().manual_seed(2)

    def draw(*shape):
        return torch.rand(shape, generator=generator, dtype=torch.float64) - 0.5

    theta = {"up": draw(3, 5), "down": draw(5, 3), "in": draw(5, 4)}
    zero = (torch.zeros(2, 3, dtype=torch.float64), torch.zeros(2, 5, dtype=torch.float64))
    return Problem(VectorFieldNetwork(field), draw(2, 4), draw(2, 3), theta).settled(start=zero)
