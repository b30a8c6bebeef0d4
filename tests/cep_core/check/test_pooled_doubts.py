"""Where a convolutional network leaves the property undecided: inconclusive, each cause named."""

from dataclasses import replace

import pytest
import torch

from cep_core import ConvolutionalShape, Prototypical, Verdict, gducheck
from cep_core.activations import HardSigmoid, Sigmoid, Tanh
from cep_core.data.mnist import load
from cep_core.learning import one_hot


def draw(*shape, seed=0):
    generator = torch.Generator().manual_seed(seed)
    return torch.rand(shape, generator=generator, dtype=torch.float64)


def checked(shape, activation, x, parameters, **options):
    network = shape.network(activation, nudge="inside")
    return gducheck(network, x, draw(len(x), 3, seed=1), parameters, rule="EP", steps=5, **options)


SMALL = ConvolutionalShape((2, 3), (3,), (1, 9, 9), kernel=2)


def initial(shape=SMALL, seed=0):
    return shape.initial(torch.Generator().manual_seed(seed))


def test_without_ties_it_passes():
    result = checked(SMALL, Sigmoid(), draw(2, 1, 9, 9), initial())
    assert result.verdict is Verdict.PASS, str(result)


def test_a_tie_over_units_that_move_is_named():
    """The kernel between neurons is zero, so that all its windows tie, and the units move."""
    parameters = initial()
    parameters["W_1_2"] = torch.zeros_like(parameters["W_1_2"])
    result = checked(SMALL, Sigmoid(), draw(2, 1, 9, 9), parameters)
    assert result.verdict is Verdict.INCONCLUSIVE
    assert "a tie in max-pooling: 6 of 6 windows of s_1 have two largest entries" in str(result)
    assert "over units that move" in str(result)


def test_a_tie_over_units_that_do_not_move_is_harmless():
    """A blank image behind a clamp: the first layer is saturated, and its windows tie."""
    parameters = initial()
    parameters["b_2"] = torch.full_like(parameters["b_2"], -5.0)
    parameters["b_0"] = torch.full_like(parameters["b_0"], 0.5)
    network = SMALL.network(HardSigmoid(), nudge="inside")
    x = torch.zeros(1, 1, 9, 9, dtype=torch.float64)
    rest = network.zero_state(x, parameters)
    for _ in range(50):
        rest = network.transition(x, rest, parameters)
    assert not bool(rest[2].any())
    assert network.doubts(x, network.zero_state(x, parameters), rest, parameters, 50) == ()


def test_a_unit_at_a_kink_within_reach_of_the_nudge_is_named():
    shape = replace(SMALL, pooling=None)
    parameters = {n: torch.zeros(s, dtype=torch.float64) for n, s in shape.parameters.items()}
    parameters["b_0"][0] = 1e-7  # the smallest nudge is a hundred times as large
    result = checked(shape, HardSigmoid(), draw(1, 1, 9, 9), parameters)
    assert result.verdict is Verdict.INCONCLUSIVE
    assert "kink" in str(result)


def test_a_network_that_never_settles_is_named():
    shape = ConvolutionalShape((4, 6), (3,))
    data = load()
    x = data.train_images[:1].double() / 255
    result = checked(shape, Tanh(), x, initial(shape), free_steps=400)
    assert result.verdict is Verdict.INCONCLUSIVE
    assert "free phase" in str(result)
    assert result.free.residual > 1e-3


def three_layers():
    shape = ConvolutionalShape((3, 4, 5), (3,), kernel=3)
    generator = torch.Generator().manual_seed(2)
    return shape, shape.initial(generator)


def test_a_steady_state_that_rounding_chooses_is_named_and_a_start_helps():
    """After one step from 0 the middle layer is constant in space: all its windows tie."""
    shape, parameters = three_layers()
    parameters = {n: v * 2 if v.ndim > 1 else v for n, v in parameters.items()}
    data = load()
    x = data.train_images[:1].double() / 255
    result = checked(shape, Sigmoid(), x, parameters, betas=(1e-3, 1e-4, 1e-5))
    assert result.verdict is Verdict.INCONCLUSIVE
    assert "rounding chooses the steady state: a jitter of 1e-14" in str(result)
    start = tuple(draw(1, *size, seed=n) for n, size in enumerate(shape.states))
    network = shape.network(Sigmoid(), nudge="inside")
    rest = start
    for _ in range(200):
        rest = network.transition(x, rest, parameters)
    assert network.doubts(x, start, rest, parameters, 200) == ()


def test_networks_without_a_maximum_have_no_doubts():
    assert Prototypical((Tanh(),)).doubts(draw(1, 2), (), (), {"W_0_x": draw(1, 2)}, 3) == ()


@pytest.mark.parametrize(("shift", "verdict"), [(0.5, Verdict.PASS), (1.5, Verdict.FAIL)])
def test_the_published_nudge_is_exact_where_no_erring_output_is_saturated(shift, verdict):
    """Hard sigmoid, outside: exact if and only if every output that errs lies inside (0, 1)."""
    shape = ConvolutionalShape((2, 3), (10,))
    data = load()
    x = data.train_images[:1].double() / 255
    y = one_hot(data.train_labels[:1], 10, torch.float64)
    parameters = initial(shape)
    parameters["W_0_1"] = parameters["W_0_1"] / 10
    parameters["b_0"] = torch.full_like(parameters["b_0"], 0.5)
    parameters["b_0"][3] = shift  # of a class that is not the digit's: at 1 it errs, saturated
    network = shape.network(HardSigmoid(), nudge="outside")
    result = gducheck(network, x, y, parameters, rule="EP", steps=4)
    assert result.verdict is verdict, str(result)
