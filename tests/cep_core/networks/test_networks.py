"""The one definition: gradients of its primitive functions; the same in other number systems."""

from fractions import Fraction

import numpy as np
import pytest
import torch

from cep_core.activations import ACTIVATIONS, Identity, Sigmoid, Tanh, activation_named
from cep_core.networks import EnergyBased, Prototypical

SIZES = (4, 6, 5, 3)
SMOOTH = [Tanh(), Sigmoid(), Identity()]


def random_state(seed=3, batch=2):
    generator = torch.Generator().manual_seed(seed)
    return tuple(
        torch.rand(batch, size, generator=generator, dtype=torch.float64) for size in SIZES[:0:-1]
    )


def interaction(x, signals, p):
    total = (signals[0] * p["b_0"]).sum() + ((signals[0] @ p["W_0_1"]) * signals[1]).sum()
    total = total + (signals[1] * p["b_1"]).sum() + ((signals[1] @ p["W_1_2"]) * signals[2]).sum()
    return total + (signals[2] * p["b_2"]).sum() + ((signals[2] @ p["W_2_x"]) * x).sum()


def energy_based_phi(network, x, state, p):
    rho = [f(s) for f, s in zip(network.activations, state, strict=True)]
    quadratic = sum(s.square().sum() for s in state) / 2
    return (1 - network.dt) * quadratic + network.dt * interaction(
        network.activations[-1](x), rho, p
    )


def leaves(tensors):
    return [t.detach().requires_grad_() for t in tensors]


@pytest.mark.parametrize("activation", SMOOTH, ids=lambda f: f.name)
def test_energy_based_is_the_gradient_of_its_primitive_function(make, activation):
    x, _, parameters = make(SIZES)
    network = EnergyBased((activation,) * 3, 0.2)
    state = leaves(random_state())
    values = dict(zip(parameters, leaves(parameters.values()), strict=True))
    phi = energy_based_phi(network, x, state, values)
    by_state = torch.autograd.grad(phi, state, retain_graph=True)
    by_parameter = torch.autograd.grad(phi, list(values.values()))
    for ours, theirs in zip(network.transition(x, tuple(state), parameters), by_state, strict=True):
        torch.testing.assert_close(ours, theirs, rtol=1e-13, atol=1e-13)
    gradient = network.primitive_gradient(x, tuple(state), parameters)
    for name, theirs in zip(values, by_parameter, strict=True):
        torch.testing.assert_close(gradient[name], theirs / 2, rtol=1e-13, atol=1e-13)


def test_prototypical_pre_activations_are_the_gradient_of_its_primitive_function(make):
    x, _, parameters = make(SIZES)
    network = Prototypical((Sigmoid(),) * 3)
    state = leaves(random_state())
    by_state = torch.autograd.grad(interaction(x, state, parameters), state)
    sums = network.arguments(x, tuple(state), parameters)
    for ours, theirs, new in zip(
        sums, by_state, network.transition(x, tuple(state), parameters), strict=True
    ):
        torch.testing.assert_close(ours, theirs, rtol=1e-13, atol=1e-13)
        torch.testing.assert_close(new, torch.sigmoid(4 * theirs - 2))


@pytest.mark.parametrize("angle", [None, 60.0])
@pytest.mark.parametrize("slope", ["all", "hidden", "none"])
def test_energy_based_vector_field_gradient_is_the_pullback_of_the_transition(make, slope, angle):
    x, _, parameters = make(SIZES, backward_angle=angle)
    network = EnergyBased((Tanh(),) * 3, 0.2, slope)
    check_pullback(network, network.transition, x, parameters)


@pytest.mark.parametrize("angle", [None, 60.0])
def test_prototypical_vector_field_gradient_is_the_pullback_of_the_pre_activations(make, angle):
    x, _, parameters = make(SIZES, backward_angle=angle)
    network = Prototypical((Tanh(),) * 3)
    check_pullback(network, network.arguments, x, parameters)


def check_pullback(network, function, x, parameters):
    state, change = random_state(), random_state(seed=4)
    values = dict(zip(parameters, leaves(parameters.values()), strict=True))
    pairing = sum((f * c).sum() for f, c in zip(function(x, state, values), change, strict=True))
    expected = torch.autograd.grad(pairing, list(values.values()))
    found = network.vector_field_gradient(x, state, parameters, change)
    assert found.keys() == values.keys()
    for name, theirs in zip(values, expected, strict=True):
        torch.testing.assert_close(found[name], theirs / 2, rtol=1e-13, atol=1e-13)


def test_nudge_enters_outside_or_inside_the_activation(make):
    x, _, parameters = make(SIZES)
    state, nudge = random_state(), torch.full((2, 3), 0.1, dtype=torch.float64)
    outside = Prototypical((Tanh(),) * 3, "outside")
    inside = Prototypical((Tanh(),) * 3, "inside")
    free = outside.transition(x, state, parameters)
    sums = inside.arguments(x, state, parameters)
    torch.testing.assert_close(outside.transition(x, state, parameters, nudge)[0], free[0] - nudge)
    torch.testing.assert_close(
        inside.transition(x, state, parameters, nudge)[0], torch.tanh(sums[0] - nudge)
    )
    for network in (outside, inside):
        nudged = network.transition(x, state, parameters, nudge)
        assert all(torch.equal(a, b) for a, b in zip(nudged[1:], free[1:], strict=True))


def test_energy_based_nudge_is_part_of_the_drift(make):
    x, _, parameters = make(SIZES)
    network = EnergyBased((Tanh(),) * 3, 0.08)
    state, nudge = random_state(), torch.full((2, 3), 0.1, dtype=torch.float64)
    free = network.transition(x, state, parameters)[0]
    torch.testing.assert_close(network.transition(x, state, parameters, nudge)[0], free - 0.008)


def test_backward_weights_replace_the_transpose_only_where_present(make):
    x, _, tied = make(SIZES)
    network = Prototypical((Tanh(),) * 3)
    state = random_state()
    same = tied | {"W_1_0": tied["W_0_1"].T.clone(), "W_2_1": tied["W_1_2"].T.clone()}
    flipped = same | {"W_1_0": -same["W_1_0"]}
    a, b, c = (network.transition(x, state, p) for p in (tied, same, flipped))
    assert all(torch.equal(s, t) for s, t in zip(a, b, strict=True))
    assert torch.equal(a[0], c[0])
    assert torch.equal(a[2], c[2])
    assert not torch.allclose(a[1], c[1])


def test_clamp_keeps_the_state_in_the_unit_interval(make):
    x, _, parameters = make(SIZES)
    network = EnergyBased((Tanh(),) * 3, 1.0, clamp=True)
    state = tuple(10 * s - 5 for s in random_state())
    for s in network.transition(x, state, parameters):
        assert float(s.min()) >= 0
        assert float(s.max()) <= 1


def test_the_same_definition_runs_on_exact_fractions(make):
    x, _, parameters = make(SIZES)
    network = EnergyBased((Identity(),) * 3, Fraction(1, 5))
    exact = np.vectorize(Fraction, otypes=[object])
    state = random_state()
    exactly = network.transition(
        exact(x.numpy()),
        tuple(exact(s.numpy()) for s in state),
        {name: exact(p.numpy()) for name, p in parameters.items()},
    )
    in_floats = EnergyBased((Identity(),) * 3, 0.2).transition(x, state, parameters)
    for a, b in zip(exactly, in_floats, strict=True):
        assert all(isinstance(value, Fraction) for value in a.flat)
        np.testing.assert_allclose(a.astype(float), b.numpy(), rtol=1e-14)


@pytest.mark.parametrize("activation", ACTIVATIONS.values(), ids=lambda f: f.name)
def test_slope_is_the_derivative(activation):
    v = torch.linspace(-0.95, 1.95, 30, dtype=torch.float64).requires_grad_()
    (derivative,) = torch.autograd.grad(activation(v).sum(), v)
    slope = torch.as_tensor(activation.slope(v), dtype=torch.float64)
    torch.testing.assert_close(slope.expand_as(v), derivative)


def test_the_papers_sigmoid_is_written_in_its_fast_form():
    v = torch.linspace(-3, 3, 61, dtype=torch.float64)
    torch.testing.assert_close(Sigmoid()(v), 1 / (1 + torch.exp(-4 * (v - 0.5))))


def test_unknown_activation_names_the_known_ones():
    with pytest.raises(ValueError, match="not known; expected one of: half-hard-sigmoid"):
        activation_named("relu")
