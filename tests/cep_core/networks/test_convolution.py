"""Convolutional edges: against PyTorch's own operations, and through phases, rules and checks."""

from dataclasses import replace

import pytest
import torch
from torch.nn import functional

from cep_core import (
    C_EP,
    C_VF,
    EP,
    AveragePooling,
    ChannelBias,
    Convolution,
    ConvolutionalShape,
    Corrected,
    MaxPooling,
    Procedure,
    Prototypical,
    SoftmaxPooling,
    UntiedConvolution,
    Verdict,
    gducheck,
    learn_batch,
    learning_rates,
)
from cep_core.activations import ACTIVATIONS, HalfHardSigmoid, Identity, Sigmoid, Tanh
from cep_core.networks.edges import coupling, field_gradient, fields
from cep_core.networks.jacobian import jacobian_product

POOLINGS = {
    "none": None,
    "max": MaxPooling(),
    "average": AveragePooling(),
    "softmax": SoftmaxPooling(),
    "overlapping max": MaxPooling((3, 3), (2, 2)),
}
GEOMETRIES = {
    "plain": {},
    "padded": {"padding": (1, 1)},
    "strided": {"stride": (2, 2), "padding": (2, 1)},
    "flat windows": {"kernel": (1, 3), "padding": (0, 1)},
}


def draw(*shape, seed=0):
    generator = torch.Generator().manual_seed(seed)
    return torch.rand(shape, generator=generator, dtype=torch.float64) - 0.5


def pooled(pooling, z):
    """PyTorch's own."""
    if pooling is None:
        return z
    if isinstance(pooling, MaxPooling):
        return functional.max_pool2d(z, pooling.size, pooling.stride)
    if isinstance(pooling, AveragePooling):
        return functional.avg_pool2d(z, pooling.size, pooling.stride)
    windows = z.unfold(2, 2, 2).unfold(3, 2, 2).flatten(4)
    return (windows.softmax(-1) * windows).sum(-1)


@pytest.mark.parametrize("pooling", POOLINGS)
@pytest.mark.parametrize("geometry", GEOMETRIES)
def test_an_edge_is_pytorchs_convolution_and_pooling_with_its_derivatives(pooling, geometry):
    settings = {"kernel": (3, 3), "pooling": POOLINGS[pooling], "target": 0, "source": 1}
    edge = Convolution(maps=(2, 9, 8), channels=3, **settings | GEOMETRIES[geometry])
    kernel = edge.initial((), torch.Generator().manual_seed(0))["W_0_1"].requires_grad_()
    source = draw(2, 2, 9, 8).requires_grad_()
    z = functional.conv2d(source, kernel, stride=edge.stride, padding=edge.padding)
    wanted = pooled(edge.pooling, z)
    sent = edge.forward(source, {"W_0_1": kernel})
    assert sent.shape == wanted.shape == (2, *edge.shape)
    torch.testing.assert_close(sent, wanted, rtol=0, atol=1e-15)
    signal = draw(*sent.shape, seed=1)
    back, learned = torch.autograd.grad((wanted * signal).sum(), [source, kernel])
    given = {"W_0_1": kernel}
    torch.testing.assert_close(edge.adjoint(signal, source, given), back, rtol=0, atol=1e-15)
    found = edge.gradient(source, signal, source, given)["W_0_1"]
    torch.testing.assert_close(found, learned, rtol=0, atol=1e-14)


def test_the_first_maximum_in_row_major_order_wins_as_in_pytorch():
    edge = Convolution(0, 1, (1, 4, 4), 1, (1, 1), pooling=MaxPooling())
    one = {"W_0_1": torch.ones(1, 1, 1, 1, dtype=torch.float64)}
    maps = torch.tensor([[0, 0, 1, 2], [0, 0, 2, 2], [3, 3, 0, 1], [3, 3, 1, 1.0]]).double()
    back = edge.adjoint(torch.ones(1, 1, 2, 2).double(), maps.view(1, 1, 4, 4), one)
    assert back[0, 0].nonzero().tolist() == [[0, 0], [0, 3], [2, 0], [2, 3]]


def test_rows_and_columns_that_fill_no_window_receive_nothing_back():
    edge = Convolution(0, 1, (1, 5, 5), 1, (1, 1), pooling=MaxPooling())
    one = {"W_0_1": torch.ones(1, 1, 1, 1, dtype=torch.float64)}
    back = edge.adjoint(torch.ones(1, 1, 2, 2).double(), draw(1, 1, 5, 5), one)
    assert not bool(back[..., 4, :].any())
    assert not bool(back[..., 4].any())
    assert back.sum() == 4


def small(pooling=MaxPooling(), *, untied=False, activation=None, nudge="inside", **options):  # noqa: B008
    """Two convolutional layers and two dense ones on images of 9 by 9."""
    shape = ConvolutionalShape((2, 3), (4, 3), (1, 9, 9), kernel=2, pooling=pooling, **options)
    network = shape.network(activation or Tanh(), nudge=nudge, untied=untied)
    angle = 70.0 if untied else None
    parameters = shape.initial(torch.Generator().manual_seed(3), angle=angle)
    return network, draw(2, 1, 9, 9), draw(2, 3, seed=1), parameters


LINEARISED = {
    f"{name}, {'untied' if untied else 'tied'}": (POOLINGS[name], untied)
    for name in ("max", "average", "softmax")
    for untied in (False, True)
}


@pytest.mark.parametrize("case", LINEARISED)
def test_what_is_linearised_by_hand_is_what_differentiation_finds(case):
    pooling, untied = LINEARISED[case]
    network, x, _, parameters = small(pooling, untied=untied)
    state = tuple(draw(*s.shape, seed=n) for n, s in enumerate(network.zero_state(x, parameters)))
    vector = tuple(draw(*s.shape, seed=9 + n) for n, s in enumerate(state))
    linear = Prototypical((Identity(),) * 4, edges=network.edges)
    for transposed in (False, True):
        ours = coupling(network.edges, vector, parameters, at=state, transposed=transposed)
        theirs = jacobian_product(linear, x, state, parameters, vector, transposed=transposed)
        for a, b in zip(ours, theirs, strict=True):
            torch.testing.assert_close(a, b, rtol=0, atol=1e-14)
    theta = {name: value.requires_grad_() for name, value in parameters.items()}
    received = fields(network.edges, x, state, theta)
    paired = sum((a * v).sum() for a, v in zip(received, vector, strict=True)) / len(x)
    wanted = torch.autograd.grad(paired, list(theta.values()))
    found = field_gradient(network.edges, x, state, vector, theta)
    assert found.keys() == theta.keys()
    for ours, theirs in zip(found.values(), wanted, strict=True):
        torch.testing.assert_close(ours, theirs, rtol=0, atol=1e-14)


def test_untied_kernels_have_no_primitive_function_and_start_at_their_angle():
    network, x, _, parameters = small(untied=True)
    with pytest.raises(TypeError, match=r"weight W_2_3, W_3_2 is not tied.*: use rule C-VF"):
        network.primitive_gradient(x, network.zero_state(x, parameters), parameters)
    shape = ConvolutionalShape((20, 20), (10,), (1, 28, 28))
    drawn = shape.initial(torch.Generator().manual_seed(0), angle=60.0)
    forth, back = drawn["W_1_2"].flatten(), drawn["W_2_1"].flatten()
    cosine = float(forth @ back / (forth.norm() * back.norm()))
    assert abs(cosine - 0.5) < 0.03
    assert drawn["W_1_0"].shape == (drawn["W_0_1"].shape[1], 10)


@pytest.mark.parametrize("pooling", ["max", "average", "softmax"])
@pytest.mark.parametrize("rule", [EP, C_EP], ids=lambda rule: rule.name)
def test_a_convolutional_network_nudged_inside_has_the_property(pooling, rule):
    network, x, y, parameters = small(POOLINGS[pooling], activation=Sigmoid())
    result = gducheck(network, x, y, parameters, rule=rule, steps=6)
    assert result.verdict is Verdict.PASS, str(result)
    assert result.neurons.verdict is Verdict.PASS, str(result)


def test_nudged_outside_it_has_not_and_untied_only_when_corrected():
    network, x, y, parameters = small(activation=Sigmoid(), nudge="outside")
    assert gducheck(network, x, y, parameters, steps=5).verdict is Verdict.FAIL
    network, x, y, parameters = small(AveragePooling(), untied=True, activation=Sigmoid())
    assert gducheck(network, x, y, parameters, rule=C_VF, steps=5).verdict is Verdict.FAIL


@pytest.mark.parametrize("nudge", ["inside", "outside"])
@pytest.mark.parametrize("pooling", ["max", "softmax"])
def test_corrected_dynamics_follow_bptt_with_untied_kernels(pooling, nudge):
    network, x, y, parameters = small(
        POOLINGS[pooling], untied=True, activation=Sigmoid(), nudge=nudge
    )
    state = network.zero_state(x, parameters)
    for _ in range(300):
        state = network.transition(x, state, parameters)
    corrected = Corrected(network, state, parameters)
    result = gducheck(corrected, x, y, parameters, rule=C_VF, steps=5, start=state)
    assert result.verdict is Verdict.PASS, str(result)


def test_every_rule_learns():
    for rule, untied in ((EP, False), (C_EP, False), (C_VF, True)):
        network, x, y, parameters = small(untied=untied, activation=Tanh(), padding=1)
        rates = learning_rates(network, parameters, (0.02,) * 4)
        losses = []
        for _ in range(12):
            learned = learn_batch(network, Procedure(rule, 0.1, 25, 8), x, y, parameters, rates)
            parameters = learned.parameters
            losses.append(float((learned.free.state[0] - y).square().sum()))
        assert losses[-1] < 0.9 * losses[0], rule.name


def test_winners_one_step_old_are_those_of_the_state_before():
    shape = ConvolutionalShape((2, 3), (3,), (1, 9, 9), kernel=2)
    parameters = shape.initial(torch.Generator().manual_seed(0))
    now = shape.network(Sigmoid())
    old = shape.network(Sigmoid(), winners="one step old")
    x = draw(2, 1, 9, 9)
    start = tuple(draw(*s.shape, seed=n) for n, s in enumerate(now.zero_state(x, parameters)))
    state = old.transition(x, start, parameters)
    assert all(map(torch.equal, state, now.transition(x, start, parameters)))
    first, second = (n.primitive_gradient(x, start, parameters) for n in (now, old))
    assert all(torch.equal(first[k], second[k]) for k in first)  # no transition has made it
    here, lagged = (n.primitive_gradient(x, state, parameters) for n in (now, old))
    differ = {name for name in here if not torch.equal(here[name], lagged[name])}
    assert differ == {"W_1_2"}  # the image and so its winners do not move; biases know none
    edge = next(e for e in now.edges if e.names == ("W_1_2",))
    wanted = edge.gradient(state[2], state[1], start[2], parameters)["W_1_2"] / 2
    assert torch.equal(lagged["W_1_2"], wanted)
    assert any("one step old" in cause for cause in old.departures)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"channels": (4, 4, 4, 4)}, r"kernel\[2\]: expected windows that fit .* 5x5 on 4x4"),
        ({"channels": (4,), "kernel": 28}, r"pooling\[0\]: expected windows .* 2x2 on 1x1"),
        ({"channels": (4, 4), "kernel": (5,)}, "kernel: expected one, or 2, one per .*, found 1"),
        ({"channels": ()}, r"channels: expected positive sizes, at least one, found \[\]"),
        ({"channels": (3,), "dense": (0,)}, r"dense: expected positive sizes.*, found \[0\]"),
        ({"channels": (3,), "stride": 0}, r"stride: expected .* from 1, found 0"),
        ({"channels": (3,), "padding": -1}, r"padding: expected .* from 0, found -1"),
    ],
)
def test_layers_without_room_are_refused(options, message):
    with pytest.raises(ValueError, match=message):
        ConvolutionalShape(**options)


def test_shapes_sizes_and_names_of_the_published_network():
    shape = ConvolutionalShape((32, 64))
    assert shape.states == ((10,), (64, 4, 4), (32, 12, 12))
    assert shape.sizes == (784, 4608, 1024, 10)
    parameters = shape.initial(torch.Generator().manual_seed(0))
    assert {name: tuple(p.shape) for name, p in parameters.items()} == shape.parameters
    assert shape.parameters["W_1_2"] == (64, 32, 5, 5)
    network = shape.network(Sigmoid())
    for x in (draw(2, 784), draw(2, 1, 28, 28)):  # samples may be flat
        state = network.transition(x, network.zero_state(x, parameters), parameters)
        assert [tuple(s.shape[1:]) for s in state] == list(shape.states)
    rates = learning_rates(network, parameters, (0.015, 0.035, 0.15))
    assert rates["W_0_1"] == 0.015
    assert rates["b_1"] == 0.035
    assert rates["W_2_x"] == 0.15
    drawn = network.initial_parameters(shape.sizes, generator=torch.Generator().manual_seed(0))
    assert all(torch.equal(drawn[name], parameters[name]) for name in parameters)


def test_half_hard_sigmoid_has_its_slope_and_its_kinks():
    f = ACTIVATIONS["half-hard-sigmoid"]
    v = torch.tensor([-1.0, 0.5, 1.9, 3.0], dtype=torch.float64)
    assert f(v).tolist() == [0.0, 0.25, 0.95, 1.0]
    assert f.slope(v).tolist() == [0.0, 0.5, 0.5, 0.0]
    assert HalfHardSigmoid.kinks == (0.0, 2.0)


class Shifted(Convolution):
    """Sends everything back one column off; the other wrong edges are in the table of mutants."""

    def _sent_back(self, convolved, parameters):
        return super()._sent_back(convolved.roll(1, -1), parameters)


def test_an_edge_that_sends_back_one_column_off_does_not_have_the_property():
    network, x, y, parameters = small(AveragePooling(), activation=Tanh())
    wrong = tuple(
        Shifted(*(getattr(e, f) for f in Convolution.__dataclass_fields__))
        if type(e) is Convolution and e.source != "x"
        else e
        for e in network.edges
    )
    result = gducheck(replace(network, edges=wrong), x, y, parameters, rule=EP, steps=6)
    assert result.verdict is Verdict.FAIL, str(result)


def test_a_bias_is_the_same_at_every_position_and_sends_nothing_back():
    edge = ChannelBias(0, maps=(2, 3, 3), fan_in=4)
    sent = edge.forward(None, {"b_0": torch.tensor([1.0, 2.0])})
    assert sent.shape == (1, 2, 3, 3)
    assert bool((sent[0, 1] == 2).all())
    learned = edge.gradient(None, torch.ones(5, 2, 3, 3), None, {})["b_0"]
    assert learned.tolist() == [45.0, 45.0]
    with pytest.raises(TypeError, match="a bias has no source"):
        edge.adjoint(sent, sent, {})
    assert UntiedConvolution(0, 1, (1, 4, 4), 1, (2, 2)).reverse.forth == "W_1_0"
