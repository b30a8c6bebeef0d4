"""Devices: the ideal one is the definition, and every imperfection is what it is said to be."""

from dataclasses import replace

import pytest
import torch

from cep_core.data.mnist import embedded
from cep_core.device.imperfect import DeviceNetwork, Imperfection, level, on_device, rounded
from cep_core.device.tolerance import Measured, gdu_error, small, tolerance, tolerated
from cep_core.learning import learn_batch
from cep_core.phases import kappa_of
from cep_core.runs.row import SpecError, row_named

ROWS = ("EP-1h", "C-EP-1h", "C-VF-1h")


def tiny(name):
    return small(row_named(name), 6).changed(free_steps=12, nudged_steps=4)


def learned(row, imperfection, *, ideal=False):
    """Parameters before and after a mini-batch of random pixels, float64."""
    generator = torch.Generator().manual_seed(1)
    x = torch.rand(4, 784, generator=generator, dtype=torch.float64)
    y = torch.eye(10, dtype=torch.float64)[:4]
    theta = row.initial(0, torch.float64)
    rates = row.rates(theta)
    network, rule = row.network, row.procedure.rule
    if not ideal:
        kappa = kappa_of(network, rates, row.beta)
        network, rule = on_device(network, rule, imperfection, kappa)
    procedure = replace(row.procedure, rule=rule)
    return theta, learn_batch(network, procedure, x, y, theta, rates).parameters


@pytest.mark.parametrize("name", ROWS)
def test_the_ideal_device_is_the_definition(name):
    row = tiny(name)
    _, ours = learned(row, Imperfection())
    _, wanted = learned(row, Imperfection(), ideal=True)
    for parameter, value in wanted.items():
        assert torch.allclose(ours[parameter], value, rtol=1e-12, atol=1e-14), parameter


def seen(**imperfection):
    row = tiny("C-EP-1h")
    theta = row.initial(0, torch.float64)
    return theta, DeviceNetwork(row.network, Imperfection(**imperfection)).seen(theta)


def test_a_mismatched_neuron_has_one_gain_for_all_that_it_receives():
    theta, found = seen(mismatch=0.1)
    gains = found["W_1_x"] / theta["W_1_x"]
    assert torch.allclose(gains, gains[:, :1].expand_as(gains))
    assert torch.allclose(found["W_1_0"] / theta["W_0_1"].T, gains[:, :1].expand(6, 10))
    assert gains[:, 0].std() == pytest.approx(0.1, rel=0.6)
    again, other = seen(mismatch=0.1)[1], seen(mismatch=0.1, seed=1)[1]
    assert torch.equal(again["W_1_x"], found["W_1_x"])
    assert not torch.allclose(other["W_1_x"], found["W_1_x"])


def test_an_asymmetric_device_sees_another_weight_backwards_only():
    theta, found = seen(asymmetry=0.2)
    assert torch.equal(found["W_0_1"], theta["W_0_1"])
    assert torch.equal(found["W_1_x"], theta["W_1_x"])
    spread = found["W_1_0"] / theta["W_0_1"].T - 1
    assert spread.std() == pytest.approx(0.2, rel=0.3)


def test_weights_of_few_bits_have_few_levels_and_biases_are_exact():
    theta, found = seen(weight_bits=3)
    for name in ("W_0_1", "W_1_x"):
        assert len(found[name].unique()) <= 7
        step = level(theta[name], 3)
        assert (found[name] - theta[name]).abs().max() <= step / 2 * (1 + 1e-12)
    zero = torch.zeros(3, 3)
    assert torch.equal(rounded(zero, level(zero, 3)), zero)
    assert torch.equal(found["b_0"], theta["b_0"])


@pytest.mark.parametrize("name", ROWS)
@pytest.mark.parametrize("stochastic", [False, True])
def test_updates_are_whole_levels(name, stochastic):
    row = tiny(name).changed(nudged_steps=1)
    before, after = learned(row, Imperfection(update_bits=18, stochastic=stochastic))
    moved = False
    for parameter, value in before.items():
        if value.ndim > 1:
            levels = (after[parameter] - value) / level(value, 18)
            moved |= bool(levels.any())
            assert (levels - levels.round()).abs().max() < 1e-6
    assert moved


def test_rounding_by_chance_is_right_in_the_mean_and_rounding_to_the_nearest_is_not():
    generator = torch.Generator().manual_seed(0)
    step, update = torch.tensor(1.0), torch.full((100, 100), 0.3)
    row = tiny("EP-1h")
    rules = [
        on_device(row.network, row.procedure.rule, Imperfection(update_bits=2, stochastic=s), {})[1]
        for s in (False, True)
    ]
    weight = torch.randn(100, 100, generator=generator)
    weight /= weight.abs().max()
    assert level(weight, 2) == step
    nearest, by_chance = (
        rule.step({}, {"W": weight}, {"W": weight + update})[1]["W"] - weight for rule in rules
    )
    assert nearest.abs().max() < 1e-6
    assert by_chance.mean() == pytest.approx(0.3, abs=0.02)
    assert set(by_chance.round(decimals=5).unique().tolist()) == {0.0, 1.0}


def test_noise_is_of_its_size_and_new_in_every_transition():
    row = tiny("C-EP-1h")
    theta = row.initial(0, torch.float64)
    network, _ = on_device(row.network, row.procedure.rule, Imperfection(noise=0.1), {})
    x = torch.zeros(500, 784, dtype=torch.float64)
    state = row.network.zero_state(x, theta)
    clean = row.network.transition(x, state, theta)
    first, second = (network.transition(x, state, theta)[1] - clean[1] for _ in range(2))
    assert first.std() == pytest.approx(0.1, rel=0.1)
    assert (first - second).std() == pytest.approx(0.1 * 2**0.5, rel=0.1)


def test_the_property_wears_off_with_mismatch_and_continual_updates_need_finer_levels():
    data = embedded()
    rows = [small(row_named(name), 6) for name in ROWS[:2]]
    ideal, slight, strong = (
        gdu_error(rows[1], data, Imperfection(mismatch=m)) for m in (0.0, 0.1, 0.3)
    )
    assert ideal[1] < 2
    assert ideal[0] < slight[0] < strong[0]
    assert slight[1] * 2 < strong[1]
    once, continual = (gdu_error(row, data, Imperfection(update_bits=12))[1] for row in rows)
    assert once * 3 < continual


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"noise": -1.0}, "noise: expected a number of at least 0, found -1"),
        ({"mismatch": float("nan")}, "mismatch: expected a number of at least 0, found nan"),
        ({"weight_bits": 1}, "weight_bits: expected from 2 to 32 bits, found 1"),
    ],
)
def test_what_no_device_has_is_refused(given, words):
    with pytest.raises(ValueError, match=words):
        Imperfection(**given)


def test_rows_and_levels_that_no_device_runs_are_refused():
    with pytest.raises(SpecError, match="channels: expected a row of dense layers"):
        small(row_named("P-conv-small"), 8)
    for wrong, words in (("noise", "bits: expected"), ("rust", "imperfection: expected one of")):
        levels = [("update_bits", 2.5) if wrong == "noise" else (wrong, 1.0)]
        with pytest.raises(ValueError, match=words):
            next(tolerance(tiny("EP-1h"), embedded(), levels, epochs=1))


def test_tolerated_is_the_strongest_level_before_the_first_that_costs_too_much():
    def point(name, value, error):
        return Measured(name, value, 0.0, 0.0, error, error)

    found = [
        point(None, None, 10.0),
        *(point("noise", v, e) for v, e in ((0.1, 11.0), (0.2, 14.0), (0.3, 16.0), (0.4, 12.0))),
        point("mismatch", 0.1, float("nan")),
    ]
    assert tolerated(found, 5.0) == {"noise": 0.2, "mismatch": None}
