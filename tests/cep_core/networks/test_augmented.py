"""The augmented network: its square differentiated, against parameters moved by hand."""

import pytest
import torch

from cep_core import EnergyBased, Prototypical
from cep_core.activations import Sigmoid, Tanh
from cep_core.check.augmented import AugmentedNetwork
from cep_core.networks.augmented import augmented, by_autograd

KAPPA = 0.3
SIZES = (4, 3, 2)

NETWORKS = {
    "energy-based": EnergyBased((Tanh(), Tanh()), 0.2),
    "nudge inside": Prototypical((Sigmoid(), Sigmoid()), "inside"),
    "nudge outside": Prototypical((Sigmoid(), Sigmoid()), "outside"),
}


@pytest.fixture
def drawn():
    generator = torch.Generator().manual_seed(0)

    def draw(*shape):
        return torch.rand(shape, generator=generator, dtype=torch.float64)

    parameters = NETWORKS["energy-based"].initial_parameters(SIZES, generator=generator)
    return parameters, draw(3, 4), (draw(3, 2), draw(3, 3)), (draw(3, 2), draw(3, 3)), draw(3, 2)


@pytest.mark.parametrize("name", NETWORKS)
@pytest.mark.parametrize("nudged", [False, True])
def test_the_square_has_the_derivative_that_moved_parameters_have(name, nudged, drawn):
    network = NETWORKS[name]
    parameters, x, steady, state, nudge = drawn
    by_square = augmented(
        network,
        x,
        steady,
        parameters,
        kappa=dict.fromkeys(parameters, KAPPA),
        differentiate=by_autograd,
    )
    by_parameters = AugmentedNetwork(network, KAPPA, x, steady, parameters, vector_field=False)
    used = nudge if nudged else None
    plain = network.transition(x, state, parameters, used)
    for ours, theirs, before in zip(
        by_square.transition(x, state, parameters, used),
        by_parameters.transition(x, state, parameters, used),
        plain,
        strict=True,
    ):
        torch.testing.assert_close(ours, theirs, rtol=0, atol=1e-14)
        assert float((ours - before).abs().max()) > 1e-4


def test_arguments_carry_the_square_where_activations_come_after_it(drawn):
    parameters, x, steady, state, _ = drawn
    for name, network in NETWORKS.items():
        changed = augmented(
            network,
            x,
            steady,
            parameters,
            kappa=dict.fromkeys(parameters, KAPPA),
            differentiate=by_autograd,
        )
        ours = changed.arguments(x, state, parameters)
        if name == "energy-based":
            assert all(torch.equal(a, b) for a, b in zip(ours, state, strict=True))
            continue
        after = changed.transition(x, state, parameters)
        for argument, sigma, reached in zip(ours, network.activations, after, strict=True):
            torch.testing.assert_close(sigma(argument), reached, rtol=0, atol=1e-15)


def test_at_the_steady_state_nothing_is_added(drawn):
    parameters, x, steady, _, _ = drawn
    network = NETWORKS["energy-based"]
    kappa = dict.fromkeys(parameters, KAPPA)
    changed = augmented(network, x, steady, parameters, kappa=kappa, differentiate=by_autograd)
    after = changed.transition(x, steady, parameters)
    plain = network.transition(x, steady, parameters)
    assert all(torch.equal(a, b) for a, b in zip(after, plain, strict=True))
    assert changed.time_scale == 0.2
    assert changed.primitive_gradient(x, steady, parameters).keys() == parameters.keys()
