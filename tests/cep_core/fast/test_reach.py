"""The fast engine trains what it implements, by identity; anything else is the definition's."""

import re
from dataclasses import dataclass, replace

import pytest
import torch

from cep_core import (
    ASYM_EP,
    C_EP,
    C_VF,
    CORRECTED_C_VF,
    SLOPED_C_VF,
    Delegate,
    EnergyBased,
    Procedure,
    Prototypical,
    Rule,
    chain,
    make_engine,
)
from cep_core.activations import Sigmoid, Tanh
from cep_core.rules import learning_rates
from theory.mutants.catalogue import MUTANTS
from theory.mutants.planted import planted

SIZES = (7, 6, 5)
NETWORK = Prototypical((Sigmoid(),) * 2)


def chosen(network=NETWORK, rule=C_EP, *, angle=None):
    parameters = NETWORK.initial_parameters(
        SIZES, generator=torch.Generator().manual_seed(0), backward_angle=angle
    )
    rates = learning_rates(NETWORK, parameters, (0.1, 0.1))
    return make_engine("fast", network, Procedure(rule, 0.2, 20, 5), parameters, rates)


def test_what_it_implements_is_within_reach():
    assert (chosen().name, chosen().note) == ("fast", "")
    for rule in (C_VF, SLOPED_C_VF, CORRECTED_C_VF):
        assert chosen(rule=rule, angle=30.0).name == "fast"


class Slower(Prototypical):
    """A subclass that changes the dynamics."""

    def transition(self, x, state, parameters, nudge=None):
        after = super().transition(x, state, parameters, nudge)
        return tuple((a + b) / 2 for a, b in zip(after, state, strict=True))


class Tan:
    """Another function under the name of one that the engine has."""

    name = "tanh"

    def __call__(self, v):
        return v / (1 + v.abs())

    def slope(self, v):
        return 1 / (1 + v.abs()).square()


class Leaky(Tanh):
    """A subclass of an activation that the engine has."""

    def __call__(self, v):
        return torch.tanh(v) + v / 10


@dataclass(frozen=True)
class Doubled(Rule):
    """A subclass of a rule, equal to it in every field."""

    def increment(self, *arguments):
        return {name: 2 * g for name, g in super().increment(*arguments).items()}


@pytest.mark.parametrize(
    ("options", "why"),
    [
        ({"network": Slower((Sigmoid(),) * 2)}, "found Slower"),
        ({"network": Delegate(NETWORK)}, "found Delegate"),
        ({"network": Prototypical((Tan(), Tan()))}, r"found Tan \('tanh'\)"),
        ({"network": Prototypical((Leaky(), Leaky()))}, r"found Leaky \('tanh'\)"),
        ({"network": replace(NETWORK, edges=chain(2))}, "found edges of its own"),
        ({"rule": Doubled("C-EP", continual=True, vector_field=False)}, "found Doubled"),
        ({"rule": Rule("VF", continual=False, vector_field=True)}, r"found Rule\(name='VF'"),
        ({"rule": ASYM_EP}, r"found Rule\(name='AsymEP'"),
        ({"rule": Rule("EP", continual=True, vector_field=False)}, r"found Rule\(name='EP'"),
    ],
)
def test_anything_else_runs_on_the_definition_and_says_so(options, why):
    angle = 30.0 if options.get("rule", C_EP).vector_field else None
    found = chosen(**options, angle=angle)
    assert found.name == "reference"
    assert "the definition trains it" in found.note
    assert re.search(why, found.note)


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name)
def test_no_planted_error_is_trained_as_what_it_was_planted_in(mutant):
    """An error in the code of the definition is the engine's only if the engine has it too."""
    if mutant.setting and not mutant.prototypical:
        options = {k: v for k, v in mutant.setting.items() if k != "backward"}
        found = chosen(EnergyBased((Tanh(), Tanh()), 0.2, **options))
        assert found.name == "reference", mutant.name
        return
    right = trained(chosen())
    with planted(mutant.edits):
        assert all(torch.equal(value, right[name]) for name, value in trained(chosen()).items())


def trained(found):
    """Parameters after a mini-batch; the targets are not made by the code under test."""
    generator = torch.Generator().manual_seed(1)
    x = torch.rand(4, SIZES[0], generator=generator, dtype=torch.float64)
    y = torch.eye(SIZES[-1], dtype=torch.float64)[[0, 1, 2, 3]]
    found.engine.learn(x, y)
    return found.engine.parameters()
