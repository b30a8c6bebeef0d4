"""The two sides, derived independently, and the measures."""

import math

import pytest
import torch

from cep_core.activations import Identity, Sigmoid, Tanh
from cep_core.check.bptt import nabla, unroll
from cep_core.check.delta import delta, followed_gradients
from cep_core.check.measures import (
    angle_of_totals,
    observed_order,
    relative_error,
    relmse,
    relmse_by_name,
)
from cep_core.losses import SquaredError, loss_followed_by_outside_nudge
from cep_core.networks import EnergyBased, Prototypical
from cep_core.phases import free_phase
from cep_core.problem import Problem
from cep_core.rules import C_EP, C_VF, EP

SIZES = (5, 6, 4)
EXACT = {
    "energy-based, slope everywhere": EnergyBased((Tanh(), Tanh()), 0.2),
    "energy-based, identity output": EnergyBased((Identity(), Tanh()), 0.2),
    "energy-based, sigmoid": EnergyBased((Sigmoid(), Sigmoid()), 0.2),
    "prototypical, nudge inside": Prototypical((Sigmoid(), Sigmoid()), "inside"),
}


def settled(network, x, y, parameters):
    free = free_phase(network, x, parameters, steps=20_000, tolerance=1e-14)
    assert free.residual < 1e-13
    return Problem(network, x, y, parameters, steady=free.state)


def sides(network, rule, make, *, beta, kappa=0.0, steps=8, angle=None, batch=2):
    x, y, parameters = make(SIZES, batch=batch, backward_angle=angle)
    problem = settled(network, x, y, parameters)
    ours = delta(problem, rule, beta=beta, kappa=kappa, steps=steps)
    return ours, followed_gradients(problem, nabla(problem, steps=steps))


def total_error(ours, theirs):
    return max(relative_error(p, theirs.by_name[name]) for name, p in ours.by_name.items())


@pytest.mark.parametrize("network", EXACT.values(), ids=EXACT.keys())
@pytest.mark.parametrize(
    ("rule", "angle"), [(EP, None), (C_EP, None), (C_VF, 0.0)], ids=["EP", "C-EP", "C-VF"]
)
def test_updates_follow_the_gradients_in_exact_networks(make, network, rule, angle):
    errors = [
        total_error(*sides(network, rule, make, beta=beta, angle=angle)) for beta in (1e-3, 1e-4)
    ]
    assert errors[1] < 1e-3
    assert observed_order((1e-3, 1e-4), errors) == pytest.approx(1, abs=0.05)


@pytest.mark.parametrize(
    "network",
    [EnergyBased((Tanh(), Tanh()), 0.2, "hidden"), Prototypical((Sigmoid(), Sigmoid()), "outside")],
    ids=["output drift without slope", "nudge outside"],
)
def test_published_dynamics_stop_at_a_floor(make, network):
    errors = [total_error(*sides(network, EP, make, beta=beta)) for beta in (1e-3, 1e-5)]
    assert min(errors) > 1e-2
    assert errors[1] == pytest.approx(errors[0], rel=0.05)


@pytest.mark.parametrize("activation", [Tanh(), Sigmoid()], ids=lambda f: f.name)
def test_outside_nudge_follows_another_loss_exactly(make, activation):
    network = Prototypical((activation, activation), "outside")
    problem = settled(network, *make(SIZES))
    loss = loss_followed_by_outside_nudge(activation.name)
    theirs = nabla(problem, steps=8, loss=loss)
    theirs = followed_gradients(problem, theirs, modified_loss=True)
    ours = delta(problem, EP, beta=1e-6, kappa=0.0, steps=8)
    assert total_error(ours, theirs) < 1e-5


@pytest.mark.parametrize("name", ["tanh", "sigmoid", "identity"])
def test_gradient_of_a_loss_is_the_derivative_of_its_value(name):
    loss = loss_followed_by_outside_nudge(name)
    output = torch.linspace(0.1, 0.9, 6, dtype=torch.float64).reshape(2, 3).requires_grad_()
    target = torch.eye(3, dtype=torch.float64)[:2]
    (derivative,) = torch.autograd.grad(loss.value(output, target), output)
    torch.testing.assert_close(loss.gradient(output, target), derivative)


def test_hard_sigmoid_follows_no_smooth_loss():
    with pytest.raises(
        ValueError, match="'hard-sigmoid'; expected one of: identity, sigmoid, tanh"
    ):
        loss_followed_by_outside_nudge("hard-sigmoid")


@pytest.mark.parametrize("network", EXACT.values(), ids=EXACT.keys())
def test_nabla_is_the_finite_difference_of_the_unrolled_loss(make, network):
    """Perturb one state, or the copy of theta in one transition, and unroll to the end."""
    x, y, parameters = make(SIZES, batch=1)
    start = tuple(torch.full((1, n), 0.3, dtype=torch.float64) for n in SIZES[:0:-1])
    steps = 5
    found = nabla(Problem(network, x, y, parameters), steps=steps, start=start)
    states = unroll(network, x, start, [parameters] * steps)

    def loss(first, copies):
        return float(SquaredError().value(unroll(network, x, first, copies)[-1][0], y))

    h = 1e-6
    for t in range(steps):
        copies = [parameters] * steps
        for name in parameters:
            ends = []
            for sign in (1, -1):
                changed = parameters[name].clone()
                changed.view(-1)[1] += sign * h
                copies[steps - 1 - t] = parameters | {name: changed}
                ends.append(loss(start, copies))
            slope = (ends[0] - ends[1]) / (2 * h)
            entry = float(found.parameters[name][t].reshape(-1)[1])
            assert entry == pytest.approx(slope, abs=1e-9), (name, t)
        for n in range(2):
            ends = []
            for sign in (1, -1):
                changed = [s.clone() for s in states[steps - t]]
                changed[n][0, 1] += sign * h
                ends.append(loss(tuple(changed), [parameters] * t))
            slope = (ends[0] - ends[1]) / (2 * h)
            assert float(found.state[n][t][0, 1]) == pytest.approx(slope, abs=1e-9), (n, t)


def test_parameter_processes_sum_to_the_gradient_of_the_whole_loss(make):
    network = EXACT["energy-based, slope everywhere"]
    x, y, parameters = make(SIZES, batch=3)
    start = tuple(torch.zeros(3, n, dtype=torch.float64) for n in SIZES[:0:-1])
    found = nabla(Problem(network, x, y, parameters), steps=12, start=start)
    leaves = {name: p.clone().requires_grad_() for name, p in parameters.items()}
    end = unroll(network, x, start, [leaves] * 12)[-1]
    total = torch.autograd.grad(SquaredError().value(end[0], y) / 3, list(leaves.values()))
    for (name, process), whole in zip(found.parameters.items(), total, strict=True):
        torch.testing.assert_close(process.sum(0), whole, msg=name)


def test_first_gradient_of_the_output_weight_is_not_dropped(make):
    network = EXACT["prototypical, nudge inside"]
    _, theirs = sides(network, EP, make, beta=1e-4)
    assert float(theirs.parameters["W_0_1"][0].norm()) > 0.1 * float(
        theirs.parameters["W_0_1"].sum(0).norm()
    )


def test_centred_estimator_has_order_two(make):
    network = EXACT["energy-based, slope everywhere"]
    errors = []
    for beta in (1e-1, 1e-2):
        plus, theirs = sides(network, EP, make, beta=beta)
        minus, _ = sides(network, EP, make, beta=-beta)
        errors.append(
            max(
                relative_error((p + minus.by_name[name]) / 2, theirs.by_name[name])
                for name, p in plus.by_name.items()
            )
        )
    assert observed_order((1e-1, 1e-2), errors) == pytest.approx(2, abs=0.1)


def test_angle_vanishes_in_exact_networks_and_not_at_ninety_degrees(make):
    network = EXACT["energy-based, slope everywhere"]
    assert angle_of_totals(*sides(network, C_EP, make, beta=1e-5)) < 1e-2
    assert angle_of_totals(*sides(network, C_VF, make, beta=1e-5, angle=90.0)) > 1


def test_delta_refuses_beta_zero(make):
    with pytest.raises(ValueError, match="beta: expected a nudging strength other than zero"):
        sides(EXACT["energy-based, slope everywhere"], EP, make, beta=0.0)


def test_relmse_of_opposite_scaled_and_equal_processes():
    process = torch.tensor([[1.0, 2.0], [3.0, -1.0]], dtype=torch.float64)
    assert relmse(-process, process) == 0
    assert relmse(process, process) == pytest.approx(2)
    assert relmse(-0.9 * process, process) == pytest.approx(0.1)
    assert relmse(torch.zeros_like(process), process) == pytest.approx(1)


def test_relmse_leaves_out_elements_without_a_ratio():
    alive = torch.tensor([[1.0], [2.0]], dtype=torch.float64)
    dead = torch.zeros(2, 5, dtype=torch.float64)
    padded = torch.cat([alive, dead], dim=1)
    assert relmse(padded, padded) == relmse(alive, alive) == pytest.approx(2)
    assert relmse(dead, dead) == 0


def test_relmse_is_invariant_under_a_common_scale_however_small():
    process = torch.tensor([[1.0, 2.0], [3.0, -1.0]], dtype=torch.float64)
    other = process + 0.1
    assert relmse(1e-9 * process, 1e-9 * other) == pytest.approx(relmse(process, other))


def test_every_layer_and_parameter_is_measured(make):
    found = relmse_by_name(*sides(EXACT["energy-based, identity output"], EP, make, beta=1e-4))
    assert set(found) == {"s_0", "s_1", "W_0_1", "b_0", "W_1_x", "b_1"}
    assert all(0 <= value < 1e-2 for value in found.values())


def test_relative_error_without_a_gradient_is_not_a_number():
    assert math.isnan(relative_error(torch.ones(2, 2), torch.zeros(2, 2)))


@pytest.mark.parametrize(
    ("scales", "errors", "message"),
    [
        ((1.0,), (1.0,), "at least two scales"),
        ((1.0, 0.1), (1.0, 0.0), "positive finite scales and errors, found 0"),
        ((1.0, 0.1), (1.0, math.inf), "found inf"),
    ],
)
def test_order_needs_two_positive_points(scales, errors, message):
    with pytest.raises(ValueError, match=message):
        observed_order(scales, errors)
