"""The certified error bound: its constants, its certificate, and what a wrong number does to it."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import pytest
import torch
from flint import arb
from torch.func import jacrev

from cep_core.networks import EnergyBased
from theory.arithmetic.balls import balls, lower_float, precision, scalar, upper_float
from theory.case import Answer
from theory.methods.certified import energy_based, prototypical, random_setup
from theory.methods.error_bound import bound, measured, rest
from theory.methods.expansion import Constants, Layers, lit
from theory.methods.norms import operator_norm, operator_norm_from_below, symmetric_norm
from theory.methods.steady_state import UncertifiedError
from theory.methods.stepwise import holds
from theory.methods.uniform import uniform
from theory.statements.error_bound import decide

STEPS = 6
RADIUS = 0.01


@pytest.fixture(autouse=True)
def in_64_bits():
    with precision(64):
        yield


@pytest.fixture(scope="module")
def setup():
    return random_setup(energy_based())


@pytest.fixture(scope="module")
def point(setup):
    with precision(64):
        return rest(setup)


def chain_setup(*sizes):
    network = energy_based()
    network = replace(network, activations=network.activations[:1] * (len(sizes) - 1))
    generator = torch.Generator().manual_seed(3)
    theta = {}
    for n, (size, fan_in) in enumerate(pairwise(sizes[::-1])):
        name = f"W_{n}_{'x' if n == len(sizes) - 2 else n + 1}"
        theta[name] = torch.rand((size, fan_in), generator=generator, dtype=torch.float64) - 0.5
        theta[f"b_{n}"] = torch.rand(size, generator=generator, dtype=torch.float64) - 0.5
    x = torch.rand((1, sizes[0]), generator=generator, dtype=torch.float64)
    y = torch.rand((1, sizes[-1]), generator=generator, dtype=torch.float64)
    return replace(random_setup(energy_based()), network=network, x=x, y=y, parameters=theta)


def _largest_gain(tensor, tries=4, sweeps=6):
    """Norm of a multilinear map from below, its output first: one input improved at a time."""
    generator = torch.Generator().manual_seed(0)
    best = 0.0
    for _ in range(tries):
        inputs = [
            torch.randn(n, generator=generator, dtype=torch.float64) for n in tensor.shape[1:]
        ]
        inputs = [v / v.norm() for v in inputs]
        for slot in list(range(len(inputs))) * sweeps:
            matrix = tensor
            for other in reversed(range(len(inputs))):
                if other != slot:
                    matrix = torch.tensordot(matrix, inputs[other], dims=([other + 1], [0]))
            _, values, right = torch.linalg.svd(matrix, full_matrices=False)
            inputs[slot] = right[0]
            best = max(best, float(values[0]))
    return best


def _derivatives(setup, state):
    """Derivatives of F and of dPhi/dtheta at a state, by PyTorch, all neurons in one row."""
    sizes = [s.shape[1] for s in state]
    names = list(setup.parameters)
    flat = torch.cat([s.reshape(-1) for s in state])
    theta = torch.cat([setup.parameters[name].reshape(-1) for name in names])

    def parameters(row):
        counts = [setup.parameters[name].numel() for name in names]
        parts = torch.split(row, counts)
        return {
            name: part.reshape(setup.parameters[name].shape)
            for name, part in zip(names, parts, strict=True)
        }

    def transition(row, th):
        layers = tuple(part.unsqueeze(0) for part in torch.split(row, sizes))
        after = setup.network.transition(setup.x, layers, parameters(th))
        return torch.cat([s.reshape(-1) for s in after])

    def phi(row):
        layers = tuple(part.unsqueeze(0) for part in torch.split(row, sizes))
        found = setup.network.primitive_gradient(setup.x, layers, setup.parameters)
        return torch.cat([found[name].reshape(-1) for name in names])

    in_state = jacrev(transition)
    second = jacrev(in_state)
    return {
        "size_J": in_state(flat, theta),
        "size_B": jacrev(transition, argnums=1)(flat, theta),
        "size_Q": second(flat, theta) / 2,
        "cubic_F": jacrev(second)(flat, theta) / 2,
        "mixed_F": jacrev(in_state, argnums=1)(flat, theta),
        "size_T": jacrev(jacrev(phi))(flat) / 2,
        "cubic_Phi": jacrev(jacrev(jacrev(phi)))(flat) / 2,
    }


LOOSENESS = {
    "size_J": 1.0001,
    "size_B": 1.5,
    "size_Q": 3,
    "cubic_F": 4.5,
    "mixed_F": 2.5,
    "size_T": 2.5,
    "cubic_Phi": 3.5,
}


@pytest.mark.parametrize("sizes", [(3, 3, 2), (3, 2, 2, 2)])
def test_the_constants_bound_the_derivatives_and_not_by_far(sizes):
    setup = chain_setup(*sizes)
    found = rest(setup)
    constants = found.layers.constants(found.jacobian_norm, arb(RADIUS))
    state = tuple(
        torch.tensor([[float(e.mid()) for e in s.entries()]], dtype=torch.float64)
        for s in found.layers.state
    )
    for name, tensor in _derivatives(setup, state).items():
        least = _largest_gain(tensor)
        value = upper_float(getattr(constants, name))
        assert least <= value <= LOOSENESS[name] * least, name


@pytest.mark.parametrize("sizes", [(6, 5, 3), (5, 4, 3, 2)])
@pytest.mark.parametrize(("beta", "kappa"), [(1e-3, 1e-3), (0.02, 0.0), (0.02, 0.01)])
def test_the_bound_holds_and_is_close(sizes, beta, kappa):
    outcome = decide(lambda: chain_setup(*sizes), strengths=((beta, kappa),), steps=STEPS)
    assert outcome.answer is Answer.HOLDS, outcome.reason


def test_dark_pixels_may_be_left_out(setup):
    dark = replace(setup, x=setup.x * torch.tensor([1.0, 0, 1, 0, 0, 1]).double())
    found = bound(rest(dark), beta=0.01, kappa=0.01, steps=STEPS)
    _, parameters = measured(dark, beta=0.01, kappa=0.01, steps=STEPS)
    x, theta = lit(balls(dark.x.numpy()), {"W_1_x": balls(dark.parameters["W_1_x"].numpy())}, 2)
    assert x.shape == (1, 3)
    assert theta["W_1_x"].shape == (5, 3)
    assert (parameters <= found.param).all()


def test_the_certificate_is_what_the_theorem_asks_for(point):
    found = bound(point, beta=0.02, kappa=0.01, steps=STEPS).certificate
    assert holds(found)
    for name in ("m", "n", "rest", "error"):
        numbers = list(getattr(found, name))
        for t in range(1, STEPS):
            altered = [*numbers[:t], numbers[t] * arb(0.999), *numbers[t + 1 :]]
            assert not holds(replace(found, **{name: tuple(altered)})), (name, t)
    assert not holds(replace(found, constants=replace(found.constants, radius=found.m[-1] * 0.999)))
    for name in ("size_J", "size_B", "size_Q", "size_T", "size_H", "cubic_F", "mixed_F"):
        larger = replace(found.constants, **{name: getattr(found.constants, name) * arb(1.01)})
        assert not holds(replace(found, constants=larger)), name


@pytest.mark.parametrize(
    ("mutant", "reason"),
    [
        # every part of the rest left out: the bound is its first-order part alone
        (dict.fromkeys(("size_J", "size_B", "size_Q", "size_T", "size_H"), 0.0), "passes"),
        (dict.fromkeys(("cubic_F", "cubic_Phi", "mixed_F"), 1e6), "too large"),
        ({"size_Q": 30.0, "size_T": 30.0, "size_H": 30.0}, "far"),
    ],
)
def test_wrong_constants_are_caught(setup, mutant, reason):
    def constants(layers, jacobian, radius):
        right = Layers.constants(layers, jacobian, radius)
        if reason == "passes":
            mutant.update(dict.fromkeys(("cubic_F", "cubic_Phi", "mixed_F"), 0.0))
        return replace(right, **{name: arb(value) for name, value in mutant.items()})

    outcome = decide(lambda: setup, strengths=((0.05, 0.02),), steps=STEPS, constants=constants)
    expected = Answer.UNDECIDED if reason == "too large" else Answer.REFUTED
    assert outcome.answer is expected, outcome.reason


def test_the_uniform_radius_is_that_of_the_example_in_coq():
    zeros = dict.fromkeys(("size_T", "cubic_F", "mixed_F", "cubic_Phi", "curvature"), arb(0))
    known = {"size_J": arb(0.5), "size_B": arb(1), "size_Q": arb(0.5), "size_H": arb(1)}
    found = uniform(Constants(**zeros, **known, radius=arb(1)), arb(1))
    assert found is not None
    assert upper_float(found.drift) == pytest.approx(6, rel=1e-12)
    assert lower_float(found.radius) == pytest.approx(1 / 26, rel=1e-12)
    assert lower_float(found.radius) < 1 / 26
    expanding = Constants(**zeros, **known | {"size_J": arb(1)}, radius=arb(1))
    assert uniform(expanding, arb(1)) is None


def test_strengths_that_are_too_large_are_said_to_be(setup):
    outcome = decide(lambda: setup, strengths=((50.0, 0.1),), steps=STEPS)
    assert outcome.answer is Answer.UNDECIDED
    assert "too large" in outcome.reason


def test_networks_outside_the_formulas_are_refused():
    with pytest.raises(TypeError, match="expected energy-based"):
        rest(random_setup(prototypical("inside")))
    with pytest.raises(ValueError, match="chain of tied layers"):
        rest(random_setup(energy_based(drift_slope="hidden")))
    with pytest.raises(ValueError, match="chain of tied layers"):
        rest(random_setup(energy_based(), backward_angle=0))


def test_an_unsettled_free_phase_is_not_certified(setup):
    with pytest.raises(UncertifiedError, match="not seen to contract"):
        rest(replace(setup, free_steps=2))


def test_norms_are_bounded_from_both_sides():
    matrix = torch.randn((7, 4), generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    exact = float(torch.linalg.matrix_norm(matrix, 2))
    below, above = (
        f(balls(matrix.numpy()).matrix) for f in (operator_norm_from_below, operator_norm)
    )
    assert lower_float(below) <= exact <= upper_float(above)
    assert upper_float(above) - lower_float(below) < 1e-12
    swap = balls(torch.tensor([[0.0, -2.0], [-2.0, 0.0]]).double().numpy()).matrix
    assert abs(upper_float(symmetric_norm(swap)) - 2) < 1e-12


def test_the_network_of_the_balls_is_the_one_of_the_setup(setup, point):
    assert isinstance(point.layers.network, EnergyBased)
    assert point.layers.network.dt.matrix[0, 0] == scalar(setup.network.dt).matrix[0, 0]
