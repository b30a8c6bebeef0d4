"""Nodes joined by resistors that learn, written as a circuit is: by Kirchhoff's law and by Joule's.

Every node has a capacitor and a resistor to ground, every inner one a nonlinear element too; the
inputs are held at their voltages. Nothing here is derived from anything else: currents charge the
nodes, and a resistor learns from the square of the voltage across it.
"""

import torch


class Resistors:
    """The nodes' voltages are the state, output nodes first; conductances are the parameters.

    A time step is a fraction ``dt`` of a node's capacitance over the ground's conductance.
    """

    def __init__(self, dt):
        self.dt = self.time_scale = dt  # the nudge is a current: dt stands on it like on any other

    def transition(self, x, state, conductances, nudge=None):
        """Charge every node for one step by the sum of the currents into it."""
        out, inner = state
        to_inner, to_out = drops(x, out, inner)
        forward = conductances["in"] * to_inner
        onward = conductances["out"] * to_out
        into_out = onward.sum(2) - out
        into_inner = forward.sum(2) - onward.sum(1) - inner - inner**3
        if nudge is not None:
            into_out = into_out - nudge
        return out + self.dt * into_out, inner + self.dt * into_inner

    def primitive_gradient(self, x, state, conductances):
        """Half of minus what one unit of conductance would dissipate, mean of the mini-batch."""
        to_inner, to_out = drops(x, *state)
        half = -self.dt / 2
        return {"in": half * (to_inner**2).mean(0), "out": half * (to_out**2).mean(0)}

    def vector_field_gradient(self, x, state, conductances, change):
        """What a change of the voltages tells the resistors that carried the currents."""
        to_inner, to_out = drops(x, *state)
        of_out, of_inner = change
        through_in = to_inner * of_inner[:, :, None]
        through_out = to_out * (of_out[:, :, None] - of_inner[:, None, :])
        return {"in": self.dt * through_in.mean(0), "out": self.dt * through_out.mean(0)}


def drops(x, out, inner):
    """Voltages across the resistors, (B, inner, x) and (B, out, inner)."""
    return x[:, None, :] - inner[:, :, None], inner[:, None, :] - out[:, :, None]


def circuit():
    """Six inputs, five inner nodes, four outputs; three samples."""
    generator = torch.Generator().manual_seed(0)

    def draw(*shape):
        return torch.rand(*shape, generator=generator, dtype=torch.float64)

    return {
        "network": Resistors(dt=0.1),
        "x": draw(3, 6),
        "y": draw(3, 4),
        "parameters": {"in": draw(5, 6), "out": draw(4, 5)},
        "start": (torch.zeros(3, 4).double(), torch.zeros(3, 5).double()),
    }
