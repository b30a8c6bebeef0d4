"""A rule with memory: EP with momentum, written outside the package."""

from pathlib import Path

import pytest
import torch

from cep_core import EP, Procedure, Prototypical, learn_batch, learning_rates, make_engine
from cep_core.activations import Sigmoid
from theory.case import module_from

EP_WITH_MOMENTUM = module_from(
    Path(__file__).parents[1] / "extend" / "own_rule.py"
).EP_WITH_MOMENTUM
NETWORK = Prototypical((Sigmoid(),) * 2)
SIZES = (6, 8, 3)


PROCEDURE = Procedure(EP_WITH_MOMENTUM, 0.2, 60, 10)


def start():
    generator = torch.Generator().manual_seed(0)
    parameters = NETWORK.initial_parameters(SIZES, generator=generator)
    x = torch.rand(9, SIZES[0], generator=generator, dtype=torch.float64)
    y = torch.eye(3, dtype=torch.float64).repeat(3, 1)
    return x, y, parameters, learning_rates(NETWORK, parameters, (0.01, 0.02))


def engine(parameters, rates):
    found = make_engine("fast", NETWORK, PROCEDURE, parameters, rates)
    assert found.name == "reference"
    assert "Momentum" in found.note
    return found.engine


def test_momentum_is_the_sum_of_decayed_updates_of_ep():
    x, y, parameters, rates = start()
    trained = engine(parameters, rates)
    velocity = {name: torch.zeros_like(value) for name, value in parameters.items()}
    for _ in range(5):
        plain = learn_batch(NETWORK, Procedure(EP, 0.2, 60, 10), x, y, parameters, rates).parameters
        for name in parameters:
            velocity[name] = 0.9 * velocity[name] + plain[name] - parameters[name]
        parameters = {name: value + velocity[name] for name, value in parameters.items()}
        trained.learn(x, y)
    found = trained.parameters()
    assert max(float((found[name] - parameters[name]).abs().max()) for name in found) < 1e-15
    assert float((trained.memory()["W_0_1"] - velocity["W_0_1"]).abs().max()) < 1e-15


def test_a_run_goes_on_from_parameters_and_memory_alone():
    x, y, parameters, rates = start()
    whole, first = engine(parameters, rates), engine(parameters, rates)
    for _ in range(6):
        whole.learn(x, y)
    for _ in range(3):
        first.learn(x, y)
    second = engine(parameters, rates)
    second.load(first.parameters())
    second.recall(first.memory())
    forgetful = engine(first.parameters(), rates)
    for _ in range(3):
        second.learn(x, y)
        forgetful.learn(x, y)
    wanted = whole.parameters()
    assert all(torch.equal(wanted[name], value) for name, value in second.parameters().items())
    assert not torch.equal(wanted["W_0_1"], forgetful.parameters()["W_0_1"])


def test_the_fast_engine_has_no_memory_to_recall():
    _, _, parameters, rates = start()
    fast = make_engine("fast", NETWORK, Procedure(EP, 0.2, 60, 10), parameters, rates).engine
    assert fast.memory() == {}
    fast.recall({})
    with pytest.raises(ValueError, match="memory: expected none under the fast engine, found v"):
        fast.recall({"v": parameters["b_0"]})
