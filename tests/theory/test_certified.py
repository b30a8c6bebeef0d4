from dataclasses import replace
from functools import partial

import flint
import numpy as np
import pytest
import torch

from cep_core.activations import activation_named
from cep_core.networks import Prototypical
from cep_core.phases import free_phase
from theory.arithmetic.balls import Balls, balls, midpoints, precision, scalar
from theory.arithmetic.tape import unrolled_gradients
from theory.case import Answer, decide
from theory.methods import identities
from theory.methods.certified import (
    LARGEST_RADIUS,
    Setup,
    cases,
    certified_point,
    decide_in_balls,
    decide_steady_state,
    digit,
    digit_setup,
    energy_based,
    in_balls,
    prototypical,
    random_setup,
)
from theory.methods.identities import joint_limit, theorem1
from theory.methods.steady_state import UncertifiedError, certify, folded

exact = partial(theorem1, steps=6)


def small(network):
    return partial(random_setup, network)


# At the paper's size


@pytest.mark.parametrize(
    "variant", ["energy-based, tanh", "energy-based, tanh, kappa = 0.1: the order of limits"]
)
def test_the_certificates_at_784_512_10(variant):
    case = next(case for case in cases() if case.variant == variant)
    check = decide(case)
    assert check.verdict == "pass", check.reason
    assert check.numbers["radius"] < LARGEST_RADIUS == 1e-25
    assert check.numbers["no other within"] > 1e-6
    if case.expected is Answer.HOLDS:
        assert check.numbers["balls"] == 10 * (784 * 512 + 512 * 10 + 2 * 522) + 522
    else:
        assert check.numbers["difference at least"] > 1e-3


def test_the_input_is_a_handwritten_digit():
    image, label = digit()
    assert image.shape == (1, 784)
    assert 0 <= float(image.min()) < float(image.max()) <= 1
    assert 0 <= label <= 9
    assert float(digit_setup(energy_based()).y[0, label]) == 1


# On small networks


@pytest.mark.parametrize(
    "network",
    [energy_based(), energy_based(output="identity"), prototypical("inside")],
)
def test_the_exact_dynamics_are_enclosed_around_zero(network):
    outcome = decide_in_balls(small(network), exact)
    assert outcome.answer is Answer.HOLDS, outcome.reason
    assert outcome.numbers["radius"] < 1e-32


@pytest.mark.parametrize(
    ("network", "identity"),
    [
        (energy_based(drift_slope="hidden"), exact),
        (energy_based(drift_slope="none"), exact),
        (prototypical("outside"), exact),
        (energy_based(), partial(theorem1, steps=6, kappa=scalar(0.1))),
        (energy_based(), partial(theorem1, steps=6, kappa=scalar(1e-9))),
    ],
)
def test_dynamics_that_are_not_exact_are_refuted(network, identity):
    outcome = decide_in_balls(small(network), identity)
    assert outcome.answer is Answer.REFUTED
    assert outcome.numbers["difference at least"] > outcome.numbers["radius"] > 0


def test_the_joint_limit_is_enclosed_around_zero():
    outcome = decide_in_balls(small(energy_based()), partial(joint_limit, steps=6))
    assert outcome.answer is Answer.HOLDS


def test_a_weight_that_differs_by_1e_20_is_seen(monkeypatch):
    def identity(point):
        nudge = np.zeros(point.parameters["W_0_1"].shape)
        nudge[1, 2] = 1e-20
        changed = point.parameters | {"W_0_1": point.parameters["W_0_1"] + balls(nudge)}

        def elsewhere(network, x, y, _parameters, start, *, steps):
            return unrolled_gradients(network, x, y, changed, start, steps=steps)

        monkeypatch.setattr(identities, "unrolled_gradients", elsewhere)
        return theorem1(point, steps=6)

    assert decide_in_balls(small(energy_based()), identity).answer is Answer.REFUTED


# The steady state


def point_of(setup, bits=128):
    with precision(bits):
        return certified_point(setup)


@pytest.mark.parametrize("network", [energy_based(), prototypical("inside")])
def test_the_certified_state_is_where_the_free_phase_ends(network):
    setup = small(network)()
    point, steady = point_of(setup)
    free = free_phase(network, setup.x, setup.parameters, steps=5000, tolerance=1e-15)
    for enclosed, reached in zip(point.state, free.state, strict=True):
        np.testing.assert_allclose(midpoints(enclosed), reached.numpy(), atol=1e-13)
    assert steady.radius < 1e-34
    with precision(400):
        closer, tighter = certified_point(setup)
        for wide, narrow in zip(point.state, closer.state, strict=True):
            assert wide.matrix.contains(narrow.matrix)
    assert tighter.radius < 1e-110


def pair(weight):
    """Two neurons that excite each other: s_0 = tanh(w s_1), s_1 = tanh(w s_0)."""
    tanh = activation_named("tanh")
    zero = torch.zeros(1, dtype=torch.float64)
    parameters = {
        "W_0_1": torch.full((1, 1), weight, dtype=torch.float64),
        "W_1_x": torch.zeros((1, 1), dtype=torch.float64),
        "b_0": zero,
        "b_1": zero,
    }
    x = torch.ones((1, 1), dtype=torch.float64)
    return Setup(Prototypical((tanh, tanh), "inside"), x, x, parameters)


def certify_near(setup, value):
    parameters = {name: balls(p.numpy()) for name, p in setup.parameters.items()}
    near = [np.full((1, 1), value)] * 2
    return certify(in_balls(setup.network), balls(setup.x.numpy()), parameters, near)


def test_several_steady_states_are_told_apart():
    with precision(128):
        found = [certify_near(pair(2.0), value) for value in (-0.95, 0.0, 0.95)]
        values = [float(steady.state[0].entries()[0].mid()) for steady in found]
        assert values[0] == -values[2]
        assert values[1] == 0
        assert abs(values[2] - np.tanh(2 * values[2])) < 1e-15
        assert all(steady.alone_within < values[2] for steady in found)


def test_a_degenerate_steady_state_is_undecided():
    """At w = 1 the three steady states meet in one, whose Jacobian is singular."""
    for check in (decide_steady_state, partial(decide_in_balls, identity=exact)):
        outcome = check(lambda: pair(1.0))
        assert outcome.answer is Answer.UNDECIDED
        assert "no inverse" in outcome.reason or "no steady state was certified" in outcome.reason


def test_dynamics_without_a_steady_state_are_undecided():
    identity = activation_named("identity")

    def make():
        setup = pair(1.0)
        shifted = setup.parameters | {"b_0": torch.ones(1, dtype=torch.float64)}
        network = Prototypical((identity, identity), "inside")
        return replace(setup, network=network, parameters=shifted, free_steps=50)

    outcome = decide_steady_state(make)  # s = s + 1 has no solution at all
    assert outcome.answer is Answer.UNDECIDED


def test_no_box_is_accepted_where_the_precision_is_too_low():
    with precision(8), pytest.raises(UncertifiedError, match="precision is too low"):
        certified_point(random_setup(energy_based()))


def test_balls_that_are_too_wide_decide_nothing():
    outcome = decide_in_balls(small(energy_based()), exact, bits=64)
    assert outcome.answer is Answer.UNDECIDED
    assert "too wide" in outcome.reason
    assert decide_in_balls(small(energy_based()), exact, largest_radius=1e-50).answer is (
        Answer.UNDECIDED
    )


def hard(bias):
    functions = (activation_named("hard-sigmoid"),) * 2

    def make():
        setup = small(Prototypical(functions, "inside"))()
        quiet = {name: value * 0.1 for name, value in setup.parameters.items()}
        shifted = {
            name: value * 0 + bias if name.startswith("b_") else value
            for name, value in quiet.items()
        }
        return replace(setup, parameters=shifted)

    return make


def test_a_kink_at_the_steady_state_is_undecided():
    def at_zero():
        setup = hard(0.0)()
        return replace(setup, x=setup.x * 0)

    for check in (decide_steady_state, partial(decide_in_balls, identity=exact)):
        outcome = check(at_zero)
        assert outcome.answer is Answer.UNDECIDED
        assert "kink" in outcome.reason


def test_away_from_its_kinks_the_hard_sigmoid_is_exact():
    assert decide_in_balls(hard(0.5), exact).answer is Answer.HOLDS


def test_folding_the_input_into_the_bias_leaves_the_drive_as_it_is():
    setup = small(energy_based())()
    with precision(128):
        point, _ = certified_point(setup)
        x, parameters = folded(point.network, point.x, point.parameters)
        assert x.shape == (1, 1)
        state = tuple(Balls(s.matrix + s.matrix, s.shape) for s in point.state)
        whole = point.network.transition(point.x, state, point.parameters)
        short = point.network.transition(x, state, parameters)
        for a, b in zip(whole, short, strict=True):
            assert (a - b).contains_zero()
            assert (a - b).largest_radius() < 1e-34


def test_precision_outside_is_left_alone():
    before = flint.ctx.prec
    decide_in_balls(small(energy_based()), partial(theorem1, steps=1))
    assert flint.ctx.prec == before
