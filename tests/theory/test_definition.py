"""What the theory writes out by itself agrees with the code, and does not follow its errors."""

import pytest
import torch

from cep_core import EnergyBased, Prototypical
from cep_core.activations import Sigmoid, Tanh
from cep_core.phases import nudged_phase
from cep_core.rules import EP
from theory.methods import definition
from theory.mutants.catalogue import MUTANTS
from theory.mutants.planted import planted

NETWORKS = {
    "energy-based": EnergyBased((Tanh(), Tanh()), 0.2),
    "nudge inside": Prototypical((Sigmoid(), Sigmoid()), "inside"),
    "nudge outside": Prototypical((Sigmoid(), Sigmoid()), "outside"),
}
BETA, STEPS = 0.3, 4


def drawn(network):
    generator = torch.Generator().manual_seed(0)
    parameters = network.initial_parameters((4, 3, 2), generator=generator)
    x, y, output, hidden = (
        torch.rand(3, size, generator=generator, dtype=torch.float64) for size in (4, 2, 2, 3)
    )
    return x, y, parameters, (output, hidden)


def both(network):
    """The states and increments of EP's phase 2: by definition, and by the code."""
    x, y, parameters, start = drawn(network)
    options = {"beta": BETA, "steps": STEPS}
    ours = list(definition.ep(network, x, y, parameters, start, **options))
    theirs = list(nudged_phase(network, EP, x, y, parameters, start, kappa=0, **options))
    return ours, theirs


def gap(ours, theirs):
    return max(
        float((a - b).abs().max())
        for one, other in zip(ours, theirs, strict=True)
        for a, b in (
            *zip(one.following, other.following, strict=True),
            *((one.increment[n], other.increment[n]) for n in other.increment),
        )
    )


@pytest.mark.parametrize("name", NETWORKS)
def test_ep_by_definition_is_the_phase_of_the_code(name):
    ours, theirs = both(NETWORKS[name])
    assert len(ours) == STEPS
    assert gap(ours, theirs) < 1e-15


@pytest.mark.parametrize(
    ("mutant", "name"),
    [
        ("sign of the nudge", "energy-based"),
        ("sign of the nudge, in the transition", "energy-based"),
        ("nudge on the wrong unit", "nudge inside"),
        ("nudge without dt", "energy-based"),
        ("gradient of the loss twice its size", "nudge outside"),
        ("nudge outside the activation", "nudge inside"),
    ],
)
def test_the_definition_does_not_follow_a_wrong_nudge(mutant, name):
    right, _ = both(NETWORKS[name])
    with planted(next(m for m in MUTANTS if m.name == mutant).edits):
        ours, theirs = both(NETWORKS[name])
    assert gap(ours, right) == 0
    assert gap(ours, theirs) > 1e-3


@pytest.mark.parametrize("name", NETWORKS)
def test_the_first_response_is_the_derivative_of_a_nudged_step(name):
    network = NETWORKS[name]
    x, y, parameters, start = drawn(network)
    found = definition.first_response(network, x, y, start, parameters)
    if name == "nudge outside":  # that of the exact setting, whose nudge is inside
        network = NETWORKS["nudge inside"]
    step = 1e-6
    moved = [
        network.transition(x, start, parameters, (start[0] - y) * sign * step) for sign in (1, -1)
    ]
    for response, up, down in zip(found, *moved, strict=True):
        torch.testing.assert_close(response, (up - down) / (2 * step), rtol=0, atol=1e-9)
