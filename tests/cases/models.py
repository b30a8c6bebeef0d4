"""Models as users write them, small enough that a check of one takes a fraction of a second."""

import torch

from cep_core import EP, PrimitiveNetwork, VectorFieldNetwork

D = torch.float64


class Draw:
    """Numbers that are the same in every run, whatever was drawn elsewhere."""

    def __init__(self, seed=0):
        self.generator = torch.Generator().manual_seed(seed)

    def normal(self, *shape, scale=0.5):
        return torch.randn(*shape, generator=self.generator, dtype=D) * scale

    def uniform(self, *shape):
        return torch.rand(*shape, generator=self.generator, dtype=D)


def zeros(*shape):
    return torch.zeros(*shape, dtype=D)


def leak(state):
    """A quarter of the squared norm: every unit keeps half of itself."""
    return sum(s.square().sum() for s in state) / 4


def hopfield(x, state, theta, signal=torch.tanh):
    """Phi of one hidden layer; ``signal`` is what a hidden unit sends to the output."""
    out, hidden = state
    up = ((torch.tanh(out) @ theta["W"]) * signal(hidden)).sum() / 2
    return leak(state) + up + ((torch.tanh(hidden) @ theta["V"]) * x).sum() / 2


def with_signal(signal):
    return lambda x, state, theta: hopfield(x, state, theta, signal)


def task(batch=2, seed=0):
    """Arguments of a check of :func:`hopfield`: 4 inputs, 5 hidden units, 3 outputs."""
    draw = Draw(seed)
    return {
        "x": draw.normal(batch, 4),
        "y": draw.normal(batch, 3),
        "parameters": {"W": draw.normal(3, 5), "V": draw.normal(5, 4)},
        "start": (zeros(batch, 3), zeros(batch, 5)),
    }


def biased(x, state, theta):
    return hopfield(x, state, theta) + (torch.tanh(state[0]) * theta["b"]).sum() / 2


def biased_task():
    given = task()
    given["parameters"]["b"] = Draw(5).normal(3)
    return given


class Own:
    """A class of the user's own with the four members of a network."""

    time_scale = 1.0

    def __init__(self, step, phi):
        self.step, self.of = step, PrimitiveNetwork(phi)

    def transition(self, x, state, parameters, nudge=None):
        return self.step(x, state, parameters, nudge)

    def primitive_gradient(self, x, state, parameters):
        return self.of.primitive_gradient(x, state, parameters)

    def vector_field_gradient(self, x, state, parameters, change):
        raise NotImplementedError


def force(phi):
    """``dPhi/ds``, nudged at the output."""
    return PrimitiveNetwork(phi).transition


class Changed:
    """A rule of the user's own: another rule's increments, changed."""

    name, vector_field = "changed", False

    def __init__(self, change, rule=EP, *, continual=False):
        self.rule, self.change, self.continual = rule, change, continual

    def increment(self, network, x, parameters, state, following):
        return self.change(self.rule.increment(network, x, parameters, state, following))


def energy(x, state, theta):
    """The energy of which a step of length 1 is :func:`hopfield`."""
    return sum(s.square().sum() for s in state) / 2 - hopfield(x, state, theta)


def sweep(order):
    """A step of descent on the energy, one layer after another, each seeing those before it."""

    def step(x, state, theta, nudge=None):
        new = list(state)
        for n in order:
            at = tuple(
                s.view_as(s) if s.requires_grad else s.detach().requires_grad_() for s in new
            )
            keep = torch.is_grad_enabled()
            with torch.enable_grad():
                (slope,) = torch.autograd.grad(energy(x, at, theta), [at[n]], create_graph=keep)
            if n == 0 and nudge is not None:
                slope = slope + nudge
            new[n] = new[n] - 0.7 * slope
        return tuple(new)

    return VectorFieldNetwork(step, energy=energy, nudge_inside=True)


def two_way(x, state, theta):
    """Euler steps of a layered network with forward and backward weights of their own."""
    out, hidden = state
    up = torch.tanh(hidden) @ theta["Wf"].T
    down = torch.tanh(out) @ theta["Wb"].T + x @ theta["V"].T
    return (
        out + 0.3 * ((1 - torch.tanh(out).square()) * up - out),
        hidden + 0.3 * ((1 - torch.tanh(hidden).square()) * down - hidden),
    )


def two_way_task(*, tied):
    draw = Draw(3)
    given = task()
    forward = draw.normal(3, 5)
    backward = forward.T.clone() if tied else forward.T * torch.sign(draw.normal(5, 3))
    given["parameters"] = {"Wf": forward, "Wb": backward, "V": draw.normal(5, 4)}
    return given
