"""Phases and rules: what settles, what is applied when, and what telescopes."""

import math

import pytest
import torch

from cep_core.activations import Sigmoid, Tanh
from cep_core.learning import Procedure, learn_batch, one_hot
from cep_core.networks import EnergyBased, Prototypical
from cep_core.networks.initial import initial_parameters
from cep_core.phases import free_phase, kappa_of, nudged_phase
from cep_core.rules import C_EP, C_VF, EP, learning_rates, rule_named

SIZES = (6, 7, 5, 3)
NETWORKS = {
    "energy-based": EnergyBased((Tanh(),) * 3, 0.2),
    "prototypical outside": Prototypical((Sigmoid(),) * 3, "outside"),
    "prototypical inside": Prototypical((Sigmoid(),) * 3, "inside"),
}


@pytest.fixture(params=NETWORKS.values(), ids=NETWORKS.keys())
def network(request):
    return request.param


def largest_gap(a, b):
    return max(float((a[name] - b[name]).abs().max()) for name in a)


def test_free_phase_to_a_tolerance_reaches_a_steady_state(make, network):
    x, _, parameters = make(SIZES)
    free = free_phase(network, x, parameters, steps=5000, tolerance=1e-12)
    assert free.converged
    assert free.residual <= 1e-12
    again = network.transition(x, free.state, parameters)
    assert max(float((a - b).abs().max()) for a, b in zip(free.state, again, strict=True)) <= 1e-12


def test_free_phase_of_fixed_count_says_how_far_it_settled(make, network):
    x, _, parameters = make(SIZES)
    free = free_phase(network, x, parameters, steps=3)
    assert (free.steps, free.converged) == (3, None)
    assert free.residual > 1e-6
    hasty = free_phase(network, x, parameters, steps=3, tolerance=1e-12)
    assert hasty.converged is False


def test_free_phase_refuses_a_count_of_zero(make, network):
    x, _, parameters = make(SIZES)
    with pytest.raises(ValueError, match="steps: expected a positive number"):
        free_phase(network, x, parameters, steps=0)


def settled(network, x, parameters):
    return free_phase(network, x, parameters, steps=5000, tolerance=1e-13).state


def test_conservation_law_of_c_ep(make, network):
    """theta_t - kappa dPhi/dtheta(s_t) stays constant for any beta and eta, also in a batch."""
    x, y, parameters = make(SIZES, batch=6)
    start = settled(network, x, parameters)
    kappa = {name: 0.003 * (1 + i) for i, name in enumerate(parameters)}
    before = network.primitive_gradient(x, start, parameters)
    moved = 0.0
    for step in nudged_phase(
        network, C_EP, x, y, parameters, start, beta=0.4, kappa=kappa, steps=15
    ):
        now = network.primitive_gradient(x, step.following, step.parameters)
        for name, value in step.parameters.items():
            held = value - kappa[name] * now[name]
            torch.testing.assert_close(
                held, parameters[name] - kappa[name] * before[name], rtol=0, atol=1e-14
            )
        moved = max(moved, largest_gap(step.parameters, parameters))
    assert moved > 1e-5


def test_ep_applies_nothing_during_the_nudged_phase(make, network):
    x, y, parameters = make(SIZES)
    start = settled(network, x, parameters)
    for step in nudged_phase(network, EP, x, y, parameters, start, beta=0.1, kappa=1.0, steps=5):
        assert largest_gap(step.parameters, parameters) == 0


def test_a_continual_rule_uses_its_parameters_in_the_very_next_step(make, network):
    x, y, parameters = make(SIZES)
    start = settled(network, x, parameters)
    first, second = list(
        nudged_phase(network, C_EP, x, y, parameters, start, beta=0.1, kappa=0.05, steps=2)
    )
    nudge = (first.following[0] - y) * 0.1
    expected = network.transition(x, first.following, first.parameters, nudge)
    stale = network.transition(x, first.following, parameters, nudge)
    assert all(torch.equal(a, b) for a, b in zip(second.following, expected, strict=True))
    assert not all(torch.equal(a, b) for a, b in zip(second.following, stale, strict=True))


def test_ep_is_one_update_between_the_first_and_the_last_state(make, network):
    x, y, parameters = make(SIZES)
    rates = dict.fromkeys(parameters, 0.1)
    procedure = Procedure(EP, 0.3, 200, 7)
    learned = learn_batch(network, procedure, x, y, parameters, rates)
    start = learned.free.state
    *_, last = nudged_phase(network, EP, x, y, parameters, start, beta=0.3, kappa=0, steps=7)
    before = network.primitive_gradient(x, start, parameters)
    after = network.primitive_gradient(x, last.following, parameters)
    kappa = kappa_of(network, rates, 0.3)
    for name, value in parameters.items():
        expected = value + kappa[name] * (after[name] - before[name])
        torch.testing.assert_close(learned.parameters[name], expected, rtol=0, atol=1e-14)


def test_damped_c_ep_approaches_ep_and_undamped_is_c_ep(make, network):
    """The debugging procedure of Appendix F.2: damped during the phase, full rates at its end."""
    x, y, parameters = make(SIZES)
    rates = dict.fromkeys(parameters, 0.002)
    by_ep = learn_batch(network, Procedure(EP, 0.2, 100, 8), x, y, parameters, rates).parameters
    gaps = [
        largest_gap(
            by_ep,
            learn_batch(
                network, Procedure(C_EP, 0.2, 100, 8, damping=damping), x, y, parameters, rates
            ).parameters,
        )
        for damping in (1.0, 1e-2, 1e-4)
    ]
    assert gaps[0] > 1e-8
    assert gaps[1] == pytest.approx(gaps[0] / 100, rel=0.2)
    assert gaps[2] == pytest.approx(gaps[1] / 100, rel=0.2)


def test_undamped_c_ep_ends_where_the_nudged_phase_ends(make, network):
    x, y, parameters = make(SIZES)
    rates = dict.fromkeys(parameters, 0.05)
    learned = learn_batch(network, Procedure(C_EP, 0.2, 100, 8), x, y, parameters, rates)
    kappa = kappa_of(network, rates, 0.2)
    steps = list(
        nudged_phase(
            network, C_EP, x, y, parameters, learned.free.state, beta=0.2, kappa=kappa, steps=8
        )
    )
    assert largest_gap(learned.parameters, steps[-1].parameters) < 1e-15


def test_centred_estimator_is_the_mean_of_both_signs(make, network):
    x, y, parameters = make(SIZES)
    rates = dict.fromkeys(parameters, 0.05)

    def learn(sign=1, **options):
        procedure = Procedure(EP, 0.2, 100, 8, **options)
        return learn_batch(network, procedure, x, y, parameters, rates, sign=sign).parameters

    plus, minus, centred = learn(), learn(sign=-1), learn(centred=True)
    mean = {name: (plus[name] + minus[name]) / 2 for name in plus}
    assert largest_gap(mean, centred) < 1e-15
    assert largest_gap(plus, centred) > 1e-6


def test_learning_lowers_the_loss_with_every_rule(make):
    network = Prototypical((Sigmoid(),) * 2, "outside")
    for rule, angle in ((EP, None), (C_EP, None), (C_VF, 0.0)):
        x, _, parameters = make((6, 12, 3), batch=9, backward_angle=angle)
        y = one_hot(torch.arange(9) % 3, 3, torch.float64)
        rates = learning_rates(network, parameters, (0.05, 0.1))
        procedure = Procedure(rule, 0.2, 60, 10)
        losses = []
        for _ in range(60):
            learned = learn_batch(network, procedure, x, y, parameters, rates)
            losses.append(float((learned.free.state[0] - y).square().sum()))
            parameters = learned.parameters
        assert losses[-1] < 0.9 * losses[0], rule.name


def test_learning_rates_go_from_the_output_to_the_input(make):
    _, _, parameters = make(SIZES, backward_angle=30.0)
    network = Prototypical((Tanh(),) * 3)
    rates = learning_rates(network, parameters, (1.0, 2.0, 3.0), train_input_bias=False)
    assert rates == {
        "W_0_1": 1.0, "b_0": 1.0, "W_1_2": 2.0, "b_1": 2.0, "W_2_x": 3.0, "b_2": 0.0,
        "W_1_0": 1.0, "W_2_1": 2.0,
    }  # fmt: skip
    with pytest.raises(ValueError, match="learning rates: expected 3, one per layer, found 2"):
        learning_rates(network, parameters, (1.0, 2.0))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"beta": 0.0}, "beta: expected a nudging strength other than zero"),
        ({"free_steps": 0}, "free_steps: expected a positive count, found 0"),
        ({"nudged_steps": -1}, "nudged_steps: expected a positive count, found -1"),
        ({"rule": C_EP, "centred": True}, "centred: expected rule EP, found C-EP"),
        ({"damping": 0.0}, r"damping: expected a factor in \(0, 1\], found 0.0"),
    ],
)
def test_procedures_without_an_update_are_refused(change, message):
    settings = {"rule": EP, "beta": 0.1, "free_steps": 5, "nudged_steps": 2} | change
    with pytest.raises(ValueError, match=message):
        Procedure(**settings)


def test_unknown_rule_names_the_known_ones():
    with pytest.raises(ValueError, match="'RTRL' is not known; expected one of: EP, C-EP, C-VF"):
        rule_named("RTRL")


def test_initial_parameters_are_uniform_within_the_fan_in_bound():
    parameters = initial_parameters((400, 100, 10), generator=torch.Generator().manual_seed(5))
    for name, fan_in in (("W_0_1", 100), ("b_0", 100), ("W_1_x", 400), ("b_1", 400)):
        bound = 1 / math.sqrt(fan_in)
        assert float(parameters[name].abs().max()) <= bound
    weights = parameters["W_1_x"] * 20
    assert float(weights.mean()) == pytest.approx(0, abs=0.02)
    assert float(weights.var()) == pytest.approx(1 / 3, rel=0.02)


@pytest.mark.parametrize("angle", [0.0, 22.5, 45.0, 90.0, 157.5, 180.0])
def test_backward_weights_start_at_the_angle_asked_for(angle):
    generator = torch.Generator().manual_seed(5)
    p = initial_parameters((20, 200, 150), generator=generator, backward_angle=angle)
    cosine = float((p["W_0_1"] * p["W_1_0"].T).sum() / p["W_0_1"].square().sum())
    assert math.degrees(math.acos(max(-1, min(1, cosine)))) == pytest.approx(angle, abs=1.5)
    assert torch.equal(p["W_0_1"].abs(), p["W_1_0"].T.abs())


def test_the_rules_start_from_the_same_forward_parameters():
    tied, independent = (
        initial_parameters(SIZES, generator=torch.Generator().manual_seed(1), backward_angle=angle)
        for angle in (None, 90.0)
    )
    assert all(torch.equal(tied[name], independent[name]) for name in tied)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (((5,), None), r"sizes: expected at least two positive layer sizes, input first, found"),
        (((5, 0, 2), None), r"found \[5, 0, 2\]"),
        (((5, 2), 200.0), r"backward_angle: expected degrees between 0 and 180, found 200.0"),
    ],
)
def test_impossible_initial_parameters_are_refused(arguments, message):
    sizes, angle = arguments
    with pytest.raises(ValueError, match=message):
        initial_parameters(sizes, generator=torch.Generator(), backward_angle=angle)
