"""Random models, right and wrong, of every kind that the checker is meant for."""

import random
from dataclasses import dataclass, field
from functools import partial

import torch

from cep_core import (
    C_EP,
    EP,
    EnergyNetwork,
    PrimitiveNetwork,
)

D = torch.float64
KINDS = ("dense", "lateral", "loop", "skip", "activation after gradient", "energy")


@dataclass
class Model:
    """What :func:`cep_core.gducheck` is asked about, and what was planted."""

    kind: str
    network: object
    given: dict
    rule: object
    planted: str = ""
    names: list = field(default_factory=list)

    def __str__(self):
        return f"{self.kind}, {getattr(self.rule, 'name', self.rule)}, {self.planted or 'right'}"


def coupling(x, state, theta, edges, signal=torch.tanh):
    """Sum of the couplings of all edges, the drive and the biases; no leak."""
    sent = [signal(s) for s in state]
    total = (sent[-1] * (x @ theta["V"])).sum() + (sent[0] * theta["b"]).sum()
    for a, b in edges:
        total = total + ((sent[a] @ theta[f"W{a}{b}"]) * sent[b]).sum()
    return total


def phi(x, state, theta, edges):
    return sum(s.square().sum() for s in state) / 4 + coupling(x, state, theta, edges) / 2


def fields(x, state, theta, edges):
    """Without leak or signal, for an activation after the gradient."""
    return coupling(x, state, theta, edges, signal=lambda s: s)


def energy(x, state, theta, edges):
    return sum(s.square().sum() for s in state) / 2 - coupling(x, state, theta, edges)


def edges_of(kind, layers):
    chain = [(n, n + 1) for n in range(layers - 1)]
    extra = {
        "lateral": [(n, n) for n in range(layers)],
        "loop": [(0, layers - 1), (1, 1)],
        "skip": [(0, layers - 1)],
    }
    return [*chain, *(e for e in extra.get(kind, []) if e not in chain)]


def right_model(seed):
    """One of six kinds; every parameter is settled, smooth and seen from the output."""
    draw = random.Random(seed)
    generator = torch.Generator().manual_seed(seed)

    def normal(*shape, scale):
        return torch.randn(*shape, generator=generator, dtype=D) * scale

    kind = KINDS[seed % len(KINDS)]
    layers = draw.choice((3, 3, 4)) if kind in {"loop", "skip"} else draw.choice((2, 2, 3))
    sizes = [draw.randint(2, 5) for _ in range(layers)]
    inputs, batch = draw.randint(2, 4), draw.randint(1, 3)
    edges = edges_of(kind, layers)
    scale = 0.25 if kind == "activation after gradient" else 0.4
    theta = {f"W{a}{b}": normal(sizes[a], sizes[b], scale=scale) for a, b in edges}
    theta |= {"V": normal(inputs, sizes[-1], scale=0.5), "b": normal(sizes[0], scale=0.3)}
    given = {
        "x": normal(batch, inputs, scale=1.0),
        "y": normal(batch, sizes[0], scale=1.0),
        "parameters": theta,
        "start": tuple(torch.zeros(batch, n, dtype=D) for n in sizes),
    }
    if kind == "activation after gradient":
        network = PrimitiveNetwork(
            partial(fields, edges=edges),
            activation=draw.choice((torch.tanh, torch.sigmoid, lambda a: torch.tanh(a) + a / 9)),
            step=draw.choice((None, 0.7)),
        )
    elif kind == "energy":
        dt = draw.choice((0.3, tuple(draw.uniform(0.1, 0.4) for _ in sizes)))
        network = EnergyNetwork(partial(energy, edges=edges), dt)
    else:
        network = PrimitiveNetwork(partial(phi, edges=edges))
    rule = draw.choice((EP, C_EP))
    return Model(kind, network, given, rule, names=list(theta))


class Planted:
    """A rule with an error in one parameter's increments."""

    vector_field = False

    def __init__(self, rule, name, change):
        self.rule, self.at, self.change = rule, name, change
        self.name, self.continual, self.seen = rule.name, rule.continual, []

    def increment(self, network, x, parameters, state, following):
        found = self.rule.increment(network, x, parameters, state, following)
        return found | self.change(self, network, x, parameters, state, following, found)


def scaled(factor):
    def change(self, network, x, parameters, state, following, found):
        return {self.at: factor * found[self.at]}

    return change


def anchored(self, network, x, parameters, state, following, found):
    self.seen.append(state)
    return self.rule.increment(network, x, parameters, self.seen[0], following)


def lagging(self, network, x, parameters, state, following, found):
    before = self.seen[-1] if self.seen else state
    self.seen.append(state)
    return self.rule.increment(network, x, parameters, before, state)


def one_sided(self, network, x, parameters, state, following, found):
    half = (following[0], *state[1:])
    return self.rule.increment(network, x, parameters, state, half)


def shuffled(self, network, x, parameters, state, following, found):
    return {self.at: found[self.at].roll(1, -1)}


RULES = {
    "a factor 1.05 on one parameter": scaled(1.05),
    "the sign of one parameter": scaled(-1.0),
    "one parameter left as it is": scaled(0.0),
    "differences to the steady state": anchored,
    "pairs of states one step late": lagging,
    "the output alone moves the product": one_sided,
    "one parameter's entries one place off": shuffled,
}


class Wrapped:
    """A network with another transition."""

    time_scale = 1.0

    def __init__(self, base, transition):
        self.base, self.transition = base, transition

    def __getattr__(self, name):
        return getattr(self.base, name)


def flipped_nudge(base):
    return lambda x, s, p, nudge=None: base.transition(x, s, p, None if nudge is None else -nudge)


def misplaced_nudge(base):
    def transition(x, s, p, nudge=None):
        return base.transition(x, s, p, None if nudge is None else nudge.roll(1, -1))

    return transition


def untied(base):
    """The output sees other weights than those by which it is seen."""

    def transition(x, s, p, nudge=None):
        new = base.transition(x, s, p, nudge)
        other = base.transition(x, s, p | {"W01": p["W01"] * 1.2 + 0.05}, nudge)
        return (other[0], *new[1:])

    return transition


def hidden_detached(base):
    """The output's next state does not pass its gradient on to the layer below."""

    def transition(x, s, p, nudge=None):
        new = base.transition(x, s, p, nudge)
        cut = base.transition(x, (s[0], s[1].detach(), *s[2:]), p, nudge)
        return (cut[0], *new[1:])

    return transition


DETACHED = "a detached layer"
NETWORKS = {
    "the sign of the nudge": flipped_nudge,
    "the nudge on the next unit": misplaced_nudge,
    "untied weights": untied,
    DETACHED: hidden_detached,
}


def wrong_model(seed):
    """A right model with one error planted; 66 seeds are every error in every kind."""
    model = right_model(seed)
    plants = [*RULES, *NETWORKS]
    model.planted = plants[seed % len(plants)]
    if model.planted in RULES:
        name = random.Random(-seed).choice(["W01", "b", "V"])
        model.rule = Planted(model.rule, name, RULES[model.planted])
    else:
        model.network = Wrapped(model.network, NETWORKS[model.planted](model.network))
    return model
