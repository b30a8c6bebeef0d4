"""The homeostatic loss: draws, closed form, and what it does to the weights."""

import pytest
import torch

from cep_core.activations import Sigmoid
from cep_core.homeostasis import antisymmetric_loss, blocks, hutchinson_loss, normal_draws
from cep_core.networks import Dense, Prototypical
from cep_core.networks.directed import Directed, loop
from cep_core.networks.edges import Bias
from cep_core.problem import Problem

SIZES = (4, 3, 4, 2)


def settled(edges=None, seed=0):
    generator = torch.Generator().manual_seed(seed)
    network = Directed((Sigmoid(),) * 3, edges=edges)
    theta = network.initial_parameters(SIZES, generator=generator)
    x = torch.rand(2, 4, generator=generator, dtype=torch.float64)
    y = torch.rand(2, 2, generator=generator, dtype=torch.float64)
    return network, Problem(network, x, y, theta).settled()


def matrix(network, theta):
    """``W`` of all neurons, written out."""
    sizes, found = (2, 4, 3), blocks(network.connections(theta), theta)
    rows = [
        torch.cat(
            [found.get((n, m), torch.zeros(sizes[n], sizes[m]).double()) for m in range(3)], 1
        )
        for n in range(3)
    ]
    return torch.cat(rows)


@pytest.mark.parametrize("jacobian", ["activity", "published"])
def test_a_draw_is_its_formula_and_its_gradient_that_of_autograd(jacobian):
    network, problem = settled()
    draws = normal_draws(problem.rest, 3, torch.Generator().manual_seed(1))
    slopes = torch.cat(network.slopes(problem.x, problem.rest, problem.parameters), 1)
    leaves = {k: v.clone().requires_grad_() for k, v in problem.parameters.items()}
    W = matrix(network, leaves)
    total = 0
    for draw in draws:
        for b, eps in enumerate(torch.cat(draw, 1)):
            leak = torch.ones_like(eps) if jacobian == "published" else 1 / slopes[b]
            J = W - torch.diag(leak)
            total = total + ((J @ eps) @ (J @ eps) - eps @ (J @ (J @ eps))) / 9
    value = total / (len(draws) * 2)
    ours = hutchinson_loss(network, problem, draws, jacobian)
    assert abs(ours.value - float(value.detach())) < 1e-12 * max(1.0, abs(ours.value))
    names = list(ours.gradient)
    theirs = torch.autograd.grad(value, [leaves[n] for n in names])
    for name, slope in zip(names, theirs, strict=True):
        assert float((ours.gradient[name] - slope).abs().max()) < 1e-11


@pytest.mark.parametrize("edges", [None, loop(3), (
    Dense(2, "x"), Bias(2), Dense(1, 2), Dense(0, 1, tied=False), Dense(2, 0, tied=False),
    Dense(1, 1), Dense(2, 2, tied=False),
)], ids=["reciprocal", "loop", "tied, lateral and untied"])  # fmt: skip
def test_the_closed_form_is_the_antisymmetric_half(edges):
    network = Directed((Sigmoid(),) * 3, edges=edges)
    generator = torch.Generator().manual_seed(0)
    theta = network.initial_parameters(SIZES, generator=generator)
    leaves = {k: v.clone().requires_grad_() for k, v in theta.items()}
    W = matrix(network, leaves)
    value = 2 * ((W - W.T) / 2).square().sum() / 9
    ours = antisymmetric_loss(network, theta)
    assert abs(ours.value - float(value.detach())) < 1e-14
    names = list(ours.gradient)
    theirs = torch.autograd.grad(value, [leaves[n] for n in names])
    for name, slope in zip(names, theirs, strict=True):
        assert float((ours.gradient[name] - slope).abs().max()) < 1e-14, name


def test_tied_weights_are_symmetric_and_cost_nothing():
    network = Prototypical((Sigmoid(),) * 3)
    theta = network.initial_parameters(SIZES, generator=torch.Generator().manual_seed(0))
    found = antisymmetric_loss(network, theta)
    assert found.value == 0
    assert max(float(g.abs().max()) for g in found.gradient.values()) == 0


def test_the_mean_of_draws_is_the_closed_form():
    network, problem = settled()
    draws = normal_draws(problem.rest, 30_000, torch.Generator().manual_seed(2))
    found = hutchinson_loss(network, problem, draws, "published")
    exact = antisymmetric_loss(network, problem.parameters)
    assert abs(found.value / exact.value - 1) < 0.02
    for name, slope in exact.gradient.items():
        assert float((found.gradient[name] - slope).norm() / slope.norm()) < 0.1


def test_descent_decays_the_antisymmetric_part_by_the_factor_that_is_told():
    network, problem = settled()
    theta, eta, c = problem.parameters, 0.3, 0.7
    gradient = antisymmetric_loss(network, theta).gradient
    after = theta | {n: theta[n] - eta * c * g for n, g in gradient.items()}
    odd = theta["W_0_1"] - theta["W_1_0"].T
    expected = odd * (1 - 4 * eta * c / 9)
    assert float((after["W_0_1"] - after["W_1_0"].T - expected).abs().max()) < 1e-15
    even = theta["W_0_1"] + theta["W_1_0"].T
    assert float((after["W_0_1"] + after["W_1_0"].T - even).abs().max()) < 1e-15


def test_in_a_loop_the_penalty_is_weight_decay():
    network, problem = settled(loop(3))
    theta = problem.parameters
    found = antisymmetric_loss(network, theta)
    assert list(found.gradient) == ["W_1_2", "W_0_1", "W_2_0"]
    squares = sum(float(theta[n].square().sum()) for n in found.gradient)
    assert abs(found.value - squares / 9) < 1e-15
    assert all(torch.equal(g, theta[n] * (2 / 9)) for n, g in found.gradient.items())


def test_edges_that_are_not_dense_have_no_closed_form():
    class Other(Dense):
        pass

    assert blocks((Other(0, 1),), {"W_0_1": torch.ones(1, 1)})  # a dense one by another name
    edge = type("OneToOne", (), {"target": 0, "source": 1, "tied": True})()
    with pytest.raises(TypeError, match="edges: expected dense ones between neurons, found OneTo"):
        blocks((edge,), {})
