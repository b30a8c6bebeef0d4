"""Directed networks: blocks, initial weights, the read-out, damping."""

import math

import pytest
import torch

from cep_core.activations import Sigmoid
from cep_core.estimators.nudged import _differentiated
from cep_core.networks.damped import Damped
from cep_core.networks.directed import Directed, loop, reciprocal
from cep_core.phases import free_phase
from cep_core.read_out import SoftmaxReadOut

SIZES = (6, 5, 4, 3)


def network(edges=None):
    return Directed((Sigmoid(),) * 3, edges=edges)


def drawn(net, angle=None, seed=0):
    generator = torch.Generator().manual_seed(seed)
    return net.initial_parameters(SIZES, generator=generator, backward_angle=angle)


def test_reciprocal_blocks_have_weights_both_ways_and_biases_forward():
    net = network()
    assert list(drawn(net)) == ["W_2_x", "b_2", "W_1_2", "b_1", "W_2_1", "W_0_1", "b_0", "W_1_0"]
    assert net.backward_blocks() == [(1, 0), (2, 1)]


def test_a_loop_connects_no_pair_both_ways():
    net = network(loop(3))
    assert list(drawn(net)) == ["W_2_x", "b_2", "W_1_2", "b_1", "W_0_1", "b_0", "W_2_0"]
    assert net.backward_blocks() == []
    with pytest.raises(ValueError, match="layers: expected 2 at least, found 1"):
        loop(1)


def test_the_step_is_that_of_the_authors():
    net = network()
    theta = drawn(net, 60.0)
    theta = {k: v + 0.1 if k.startswith("b") else v for k, v in theta.items()}
    x = torch.rand(2, 6, dtype=torch.float64)
    u = [torch.zeros(2, n, dtype=torch.float64) for n in (3, 4, 5)]
    state = net.zero_state(x, theta)
    nudge = torch.rand(2, 3, dtype=torch.float64)
    for _ in range(4):
        r = [1 / (1 + torch.exp(-4 * v + 2)) for v in u]
        u = [
            r[1] @ theta["W_0_1"].T + theta["b_0"] + nudge,
            r[2] @ theta["W_1_2"].T + theta["b_1"] + r[0] @ theta["W_1_0"].T,
            x @ theta["W_2_x"].T + theta["b_2"] + r[1] @ theta["W_2_1"].T,
        ]
        state = net.transition(x, state, theta, -nudge)
    for s, v in zip(state, u, strict=True):
        assert float((s - Sigmoid()(v)).abs().max()) < 1e-15


def test_the_initial_angle_mixes_the_transpose_in():
    net = network()
    symmetric, independent, between = drawn(net, 0.0), drawn(net, 90.0), drawn(net, 30.0)
    assert torch.equal(symmetric["W_1_0"], symmetric["W_0_1"].T)
    raw = drawn(net)
    assert float((independent["W_2_1"] - raw["W_2_1"]).abs().max()) < 1e-15
    expected = 0.5 * raw["W_2_1"] + math.cos(math.pi / 6) * raw["W_1_2"].T
    assert float((between["W_2_1"] - expected).abs().max()) < 1e-15
    with pytest.raises(ValueError, match="backward_angle: expected 0 to 90 degrees, found 120"):
        drawn(net, 120.0)
    with pytest.raises(ValueError, match="sizes: expected 4 positive ones, input first, found"):
        net.initial_parameters((6, 5), generator=torch.Generator())


def test_weights_have_the_variance_of_lecun():
    net = Directed((Sigmoid(),) * 2)
    theta = net.initial_parameters((400, 300, 200), generator=torch.Generator().manual_seed(1))
    spread = float(theta["W_1_x"].std()) * math.sqrt(400)
    assert abs(spread - 1) < 0.01
    assert float(theta["W_1_x"].abs().max()) <= 2 / (0.8796 * 20)


def test_the_input_computed_once_changes_nothing():
    net = network(loop(3))
    theta = drawn(net) | {"b_2": torch.rand(5, dtype=torch.float64)}
    x = torch.rand(3, 6, dtype=torch.float64)
    driven, drive = net.driven(x, theta)
    start = net.zero_state(x, theta)
    whole = free_phase(net, x, theta, steps=30, start=start).state
    once = free_phase(driven, drive, theta, steps=30, start=start).state
    assert max(float((a - b).abs().max()) for a, b in zip(whole, once, strict=True)) < 1e-15


@pytest.mark.parametrize("damping", [0.0, 0.4])
def test_the_derivative_that_a_network_tells_is_that_of_differentiation(damping):
    net = network()
    theta = drawn(net, 90.0)
    x = torch.rand(2, 6, dtype=torch.float64)
    run = Damped(net, damping) if damping else net
    state = free_phase(run, x, theta, steps=3).state
    vector = tuple(torch.rand_like(s) for s in state)
    nudge = torch.rand(2, 3, dtype=torch.float64)

    after, tangent = _differentiated(run, x, state, theta, vector, nudge)
    told_after, told = run.linearised(x, state, theta, vector, nudge)
    for a, b in zip((*after, *tangent), (*told_after, *told), strict=True):
        assert float((a - b).abs().max()) < 1e-15
    ahead, behind = (
        run.transition(
            x, tuple(s + t * v for s, v in zip(state, vector, strict=True)), theta, t * nudge
        )
        for t in (1e-5, -1e-5)
    )
    for a, b, t in zip(ahead, behind, tangent, strict=True):
        assert float(((a - b) / 2e-5 - t).abs().max()) < 1e-8


def test_damping_settles_what_plain_steps_leave_circling():
    net = Directed((Sigmoid(),) * 2, edges=reciprocal(2))
    strong = torch.full((1, 1), -1.8, dtype=torch.float64)
    theta = {
        "W_1_x": torch.zeros(1, 1, dtype=torch.float64), "b_1": torch.full((1,), 1.3).double(),
        "W_0_1": strong, "b_0": torch.full((1,), 1.3).double(), "W_1_0": strong,
    }  # fmt: skip
    x = torch.zeros(1, 1, dtype=torch.float64)
    assert free_phase(net, x, theta, steps=500).residual > 0.1
    assert free_phase(Damped(net, 0.5), x, theta, steps=500).residual < 1e-12
    with pytest.raises(ValueError, match=r"damping: expected a number in \[0, 1\), found 1"):
        Damped(net, 1.0)


def test_the_read_out_gradient_is_that_of_its_value_and_holomorphic():
    generator = torch.Generator().manual_seed(0)
    theta = SoftmaxReadOut.initial(SIZES, 4, generator=generator)
    theta["read_out_bias"] = torch.rand(4, generator=generator, dtype=torch.float64)
    read_out = SoftmaxReadOut(theta)
    s = torch.rand(2, 3, generator=generator, dtype=torch.float64, requires_grad=True)
    y = torch.eye(4, dtype=torch.float64)[[2, 0]]
    leaves = {k: v.clone().requires_grad_() for k, v in theta.items()}
    value = SoftmaxReadOut(leaves).value(s, y)
    found = torch.autograd.grad(value, (s, *leaves.values()))
    assert float((read_out.gradient(s.detach(), y) - found[0]).abs().max()) < 1e-15
    ours = read_out.parameter_gradient(s.detach(), y)
    for name, theirs in zip(leaves, found[1:], strict=True):
        assert float((ours[name] - theirs).abs().max()) < 1e-15
    at = s.detach().to(torch.complex128)
    step = 1e-6
    slopes = [(read_out.gradient(at + h, y) - read_out.gradient(at - h, y)) / (2 * h)
              for h in (step, 1j * step)]  # fmt: skip
    assert float((slopes[0] - slopes[1]).abs().max()) < 1e-8
