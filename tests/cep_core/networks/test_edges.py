"""Edges, and networks of graphs other than a chain, through phases, rules and the checker."""

import pytest
import torch

from cep_core import C_EP, C_VF, EP, Dense, EnergyBased, Procedure, Prototypical, Verdict, gducheck
from cep_core.activations import Tanh
from cep_core.learning import learn_batch
from cep_core.networks import Bias, chain
from cep_core.rules import learning_rates
from theory.points.topologies import ring, with_lateral, with_skip

SIZES = (4, 5, 6, 3)
TIED = {"skip": with_skip(3), "lateral": with_lateral(3), "loop": ring(3, tied=True)}
SETTINGS = {
    "energy-based": lambda edges: EnergyBased((Tanh(),) * 3, 0.2, edges=edges),
    "prototypical": lambda edges: Prototypical((Tanh(),) * 3, "inside", edges),
}


def draw(*shape, seed=0):
    generator = torch.Generator().manual_seed(seed)
    return torch.rand(shape, generator=generator, dtype=torch.float64) - 0.5


def problem(network, batch=3):
    parameters = network.initial_parameters(SIZES, generator=torch.Generator().manual_seed(1))
    return draw(batch, SIZES[0]), draw(batch, SIZES[-1], seed=2), parameters


@pytest.mark.parametrize("edge", [Dense(0, 1), Dense(1, 1), Dense(2, 0, tied=False)])
def test_the_adjoint_and_the_gradient_are_those_of_what_is_sent_forward(edge):
    sizes = SIZES[::-1]
    parameters = edge.initial(sizes, torch.Generator().manual_seed(0))
    source = draw(2, sizes[edge.source]).requires_grad_()
    signal = draw(2, sizes[edge.target], seed=1)
    weights = {name: value.requires_grad_() for name, value in parameters.items()}
    paired = (edge.forward(source, weights) * signal).sum()
    to_source, to_weight = torch.autograd.grad(paired, [source, weights[edge.name]])
    assert torch.allclose(edge.adjoint(signal, source, weights), to_source, atol=1e-15)
    found = edge.gradient(source, signal, source, weights)[edge.name]
    assert torch.allclose(found, to_weight, atol=1e-15)


def test_a_bias_sends_nothing_back():
    with pytest.raises(TypeError, match="a bias has no source"):
        Bias(0).adjoint(draw(1, 3), draw(1, 3), {"b_0": draw(3)})


@pytest.mark.parametrize("setting", SETTINGS)
@pytest.mark.parametrize("graph", TIED)
def test_a_tied_graph_has_the_property_and_learns(graph, setting):
    network = SETTINGS[setting](TIED[graph])
    x, y, parameters = problem(network)
    result = gducheck(network, x, y, parameters, rule=C_EP)
    assert result.verdict is Verdict.PASS, str(result)
    rates = learning_rates(network, parameters, (0.02, 0.02, 0.02))
    losses = []
    for _ in range(40):
        learned = learn_batch(network, Procedure(EP, 0.1, 200, 20), x, y, parameters, rates)
        parameters = learned.parameters
        losses.append(float((learned.free.state[0] - y).square().sum()))
    assert losses[-1] < 0.9 * losses[0]


@pytest.mark.parametrize("setting", SETTINGS)
def test_a_loop_in_one_direction_is_a_vector_field_without_the_property(setting):
    network = SETTINGS[setting](ring(3, tied=False))
    x, y, parameters = problem(network)
    assert gducheck(network, x, y, parameters, rule=C_VF).verdict is Verdict.FAIL
    with pytest.raises(TypeError, match=r"weight W_0_1 is not tied.*: use rule C-VF"):
        network.primitive_gradient(x, network.zero_state(x, parameters), parameters)


@pytest.mark.parametrize("graph", TIED)
def test_primitive_gradient_is_that_of_the_sum_over_edges(graph):
    network = SETTINGS["energy-based"](TIED[graph])
    x, _, parameters = problem(network)
    state = tuple(draw(3, size, seed=n) for n, size in enumerate(SIZES[:0:-1]))
    theta = {name: value.requires_grad_() for name, value in parameters.items()}
    phi = 0
    rho = [torch.tanh(s) for s in state]
    for edge in network.edges:
        source = torch.tanh(x) if edge.source == "x" else edge.source
        source = rho[source] if isinstance(source, int) else source
        phi = phi + (edge.forward(source, theta) * rho[edge.target]).sum() * network.dt / 3
    wanted = torch.autograd.grad(phi, list(theta.values()))
    found = network.primitive_gradient(x, state, parameters)
    assert found.keys() == theta.keys()
    for ours, theirs in zip(found.values(), wanted, strict=True):
        assert torch.allclose(ours, theirs, atol=1e-15)


def test_a_chain_given_as_edges_is_the_chain():
    plain, given = SETTINGS["prototypical"](None), SETTINGS["prototypical"](chain(3))
    x, y, parameters = problem(plain)
    _, _, same = problem(given)
    assert all(torch.equal(parameters[name], same[name]) for name in parameters)
    rates = learning_rates(given, parameters, (0.1, 0.2, 0.3))
    assert rates == learning_rates(plain, parameters, (0.1, 0.2, 0.3))
    procedure = Procedure(C_EP, 0.1, 50, 8)
    ours, theirs = (
        learn_batch(network, procedure, x, y, parameters, rates).parameters
        for network in (given, plain)
    )
    assert all(torch.equal(ours[name], theirs[name]) for name in ours)


def test_edges_that_leave_a_layer_out_or_have_no_parameters_are_refused():
    network = SETTINGS["prototypical"]((*chain(2), Bias(1)))
    x, _, parameters = problem(SETTINGS["prototypical"](None))
    with pytest.raises(ValueError, match=r"start: expected a first state.*W_1_x missing"):
        network.zero_state(x, parameters)
    state = tuple(draw(3, size) for size in (3, 6, 5))
    with pytest.raises(ValueError, match="expected one into every layer, found none into layer 2"):
        network.transition(x, state, parameters | {"W_1_x": draw(6, 4)})
    with pytest.raises(ValueError, match="backward_angle: expected none with edges"):
        network.initial_parameters(SIZES, generator=torch.Generator(), backward_angle=30.0)
    with pytest.raises(ValueError, match="sizes: expected 4, input first, found"):
        network.initial_parameters(SIZES[:-1], generator=torch.Generator())
