"""A network of one's own with no symmetry: two layers, weights of their own in both directions."""

import torch

from cep_core import (
    ASYM_EP,
    C_VF,
    CORRECTED_C_VF,
    Problem,
    VectorFieldNetwork,
    estimate,
    gducheck,
    nabla,
)


def field(x, state, theta):  # the next state; the output layer comes first
    out, hidden = state
    return (
        torch.tanh(hidden @ theta["up"].T),
        torch.tanh(out @ theta["down"].T + x @ theta["in"].T),
    )


generator = torch.Generator().manual_seed(0)


def draw(*shape):
    return torch.randn(*shape, generator=generator, dtype=torch.float64) / 2


network = VectorFieldNetwork(field)
theta = {"up": draw(3, 5), "down": draw(5, 3), "in": draw(5, 4)}
x, y = draw(2, 4), draw(2, 3)
start = (torch.zeros(2, 3, dtype=torch.float64), torch.zeros(2, 5, dtype=torch.float64))

plain = gducheck(network, x, y, theta, start=start, rule=C_VF)
corrected = gducheck(network, x, y, theta, start=start, rule=CORRECTED_C_VF)
assert (str(plain.verdict), str(corrected.verdict)) == ("fail", "pass")

# One update for the whole phase, at a finite beta: eight nudged phases on a complex circle, an
# error of order beta^8.
problem = Problem(network, x, y, theta).settled(start=start)
update = estimate(problem, ASYM_EP, beta=0.1, steps=30, points=8)
gradient = nabla(problem, steps=30)
error = (update.parameters["down"].sum(0) + gradient.parameters["down"].sum(0)).norm()
assert error < 1e-6 * gradient.parameters["down"].sum(0).norm()
