import numpy as np
import pytest
import torch

from cep_core.activations import ACTIVATIONS
from cep_core.check.bptt import nabla
from cep_core.networks import EnergyBased, Prototypical
from cep_core.networks.initial import initial_parameters
from cep_core.problem import Problem
from theory.arithmetic.jets import Smooth
from theory.arithmetic.tape import Traced, gradients, transposed_product, unrolled_gradients

LAYERS = 3


def numpy_tanh(v, k):
    t = np.tanh(v)
    return (t, 1 - t**2, -2 * t * (1 - t**2))[k]


def networks(name):
    torch_tanh, tanh = ACTIVATIONS["tanh"], Smooth("tanh", numpy_tanh)
    both = [(f,) * LAYERS for f in (torch_tanh, tanh)]
    if name == "prototypical":
        return tuple(Prototypical(fs, "inside") for fs in both)
    drift = "none" if name == "no slope" else "all"
    if name == "linear output":
        both = [(ACTIVATIONS["identity"], *fs[1:]) for fs in both]
    return tuple(EnergyBased(fs, 0.3, drift_slope=drift) for fs in both)


@pytest.mark.parametrize("backward_angle", [None, 60.0])
@pytest.mark.parametrize("setting", ["energy-based", "linear output", "no slope", "prototypical"])
def test_unrolled_gradients_are_those_of_torch_autograd(setting, backward_angle):
    generator = torch.Generator().manual_seed(3)
    theta = initial_parameters((6, 5, 4, 3), generator=generator, backward_angle=backward_angle)
    x = torch.rand((2, 6), generator=generator, dtype=torch.float64)
    y = torch.rand((2, 3), generator=generator, dtype=torch.float64)
    start = tuple(torch.rand((2, n), generator=generator, dtype=torch.float64) for n in (3, 4, 5))
    by_torch, by_tape = networks(setting)
    expected = nabla(Problem(by_torch, x, y, theta, steady=start), steps=6)
    found = unrolled_gradients(
        by_tape,
        x.numpy(),
        y.numpy(),
        {name: value.numpy() for name, value in theta.items()},
        tuple(s.numpy() for s in start),
        steps=6,
    )
    for t in range(6):
        for n in range(LAYERS):
            np.testing.assert_allclose(found.states[t][n], expected.state[n][t], atol=1e-14)
        for name, process in expected.parameters.items():
            np.testing.assert_allclose(found.parameters[t][name], process[t], atol=1e-14)
    assert float(expected.parameters["W_2_x"].abs().max()) > 1e-3


def test_every_operation_is_differentiated_as_torch_does():
    rng = np.random.default_rng(0)
    arrays = [rng.normal(size=size) for size in ((3, 4), (5, 4), (5,), ())]

    def value(a, b, c, d):
        product = (a @ b.T + c) * d - (c - a @ b.T) / 3
        mixed = (2 - product) * product + (-product).sum(0) * c
        return (mixed * mixed).sum() / 2 + (a.T @ product).sum() * d

    traced = [Traced(array) for array in arrays]
    tensors = [torch.tensor(array, requires_grad=True) for array in arrays]
    found = gradients(value(*traced), traced)
    expected = torch.autograd.grad(value(*tensors), tensors)
    for ours, theirs in zip(found, expected, strict=True):
        np.testing.assert_allclose(ours, theirs.numpy(), rtol=1e-12)


def test_constants_on_either_side_are_differentiated_through():
    a = np.arange(6.0).reshape(2, 3)
    x = Traced(np.ones((3, 2)))
    total = ((a @ x) * a[:, :2] + a[:, :2] - x.T @ a.T).sum()
    (found,) = gradients(total, [x])
    np.testing.assert_allclose(found, a.T @ a[:, :2] - a.T @ np.ones((2, 2)))


def test_a_variable_without_part_in_the_result_has_gradient_zero():
    used, unused = Traced(np.ones((2, 2))), Traced(np.ones(3))
    assert np.array_equal(gradients((used * used).sum(), [unused])[0], np.zeros(3))


def test_transposed_product_is_the_transposed_jacobian():
    rng = np.random.default_rng(1)
    matrix, at, direction = (
        rng.normal(size=(4, 3)),
        rng.normal(size=(1, 3)),
        rng.normal(size=(1, 4)),
    )
    (found,) = transposed_product(lambda v: ((v * v) @ matrix.T,), [at], [direction])
    np.testing.assert_allclose(found, (direction @ matrix) * 2 * at)
