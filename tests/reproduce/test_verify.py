"""Every check of the verify stage, and the planted errors that each must see."""

import pytest
import torch

from cep_core.check.verdicts import Check, Verdict
from cep_core.losses import SquaredError
from cep_core.phases import nudged_phase
from cep_core.rules import C_EP, C_VF, EP, Rule
from reproduce.stages import read_stage
from reproduce.verification import augmented, bias, boundaries, command, property_holds, stability
from reproduce.verification.cases import (
    EXACT,
    case,
    energy_exact,
    energy_published,
    energy_published_cvf,
    prototypical_inside,
    prototypical_outside,
)
from reproduce.verification.command import GROUPS
from theory.mutants.catalogue import MUTANTS
from theory.mutants.planted import planted

SMALL = (784, 12, 10)


@pytest.fixture(autouse=True)
def one_thread():
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.mark.parametrize("rule", [EP, C_EP, C_VF], ids=lambda rule: rule.name)
@pytest.mark.parametrize("dynamics", list(EXACT))
def test_property_holds_in_every_exact_dynamics(dynamics, rule):
    angle = 0.0 if rule.vector_field else None
    check = property_holds.check_case(
        dynamics, case(EXACT[dynamics], "sigmoid", SMALL, angle=angle), rule
    )
    assert check.verdict is Verdict.PASS, check.reason
    assert check.numbers["angle"] < 0.1
    assert all(abs(order - 1) < 0.1 for order in check.numbers["orders"].values())


def test_flipped_nudge_fails_the_property(monkeypatch):
    monkeypatch.setattr(SquaredError, "gradient", lambda _self, output, target: target - output)
    check = property_holds.check_case("mutant", case(energy_exact, "tanh", SMALL), EP)
    assert check.verdict is Verdict.FAIL


class OneSided(Rule):
    """Products with only one of the two factors changed: the wrong pair of states."""

    def increment(self, network, x, parameters, state, following):
        mixed = tuple(b if n else a for n, (a, b) in enumerate(zip(state, following, strict=True)))
        before = network.primitive_gradient(x, state, parameters)
        after = network.primitive_gradient(x, mixed, parameters)
        return {name: after[name] - before[name] for name in after}


def test_update_from_the_wrong_pair_of_states_fails_the_property():
    mutant = OneSided("one-sided", continual=True, vector_field=False)
    check = property_holds.check_case("mutant", case(energy_exact, "tanh", SMALL), mutant)
    assert check.verdict is Verdict.FAIL


def test_centred_estimator_has_order_two_and_is_not_of_order_two_when_published():
    check = property_holds.check_centred("exact", case(prototypical_inside, "tanh", SMALL))
    assert check.verdict is Verdict.PASS
    assert check.numbers["order"] == pytest.approx(2, abs=0.05)
    check = property_holds.check_centred("published", case(energy_published, "sigmoid", SMALL))
    assert check.verdict is Verdict.FAIL


@pytest.mark.parametrize(
    ("make", "rule", "angle"),
    [(energy_published, C_EP, None), (energy_published_cvf, C_VF, 0.0)],
)
def test_published_dynamics_keep_an_error_and_the_exact_ones_do_not(make, rule, angle):
    published = bias.check_plateau("published", case(make, "tanh", SMALL, angle=angle), rule)
    assert published.verdict is Verdict.PASS
    assert published.numbers["plateau"] > 1e-3
    exact = bias.check_plateau("exact", case(energy_exact, "tanh", SMALL, angle=angle), rule)
    assert exact.verdict is Verdict.FAIL


@pytest.mark.parametrize("activation", ["tanh", "sigmoid"])
def test_outside_nudge_follows_the_other_loss_and_the_inside_one_does_not(activation):
    outside = case(prototypical_outside, activation, SMALL, batch=2)
    assert bias.check_other_loss("outside", activation, outside).verdict is Verdict.PASS
    inside = case(prototypical_inside, activation, SMALL, batch=2)
    assert bias.check_other_loss("inside", activation, inside).verdict is Verdict.FAIL


def test_asymmetry_is_explained_and_seen():
    tilted = case(energy_exact, "tanh", SMALL, angle=45.0)
    assert bias.check_asymmetry("45", tilted, symmetric=False).verdict is Verdict.PASS
    assert bias.check_asymmetry("45", tilted, symmetric=True).verdict is Verdict.FAIL
    tied = case(energy_exact, "tanh", SMALL, angle=0.0)
    assert bias.check_asymmetry("0", tied, symmetric=True).verdict is Verdict.PASS
    assert bias.check_asymmetry("0", tied, symmetric=False).verdict is Verdict.FAIL


def test_augmented_identity_holds_and_sees_frozen_parameters():
    bench = case(energy_exact, "tanh", SMALL, batch=3)
    assert augmented.check_identity("exact", bench).verdict is Verdict.PASS
    frozen = next(mutant for mutant in MUTANTS if mutant.name == "frozen theta")
    with planted(frozen.edits):
        check = augmented.check_identity("frozen", bench)
    assert check.verdict is Verdict.FAIL
    assert check.numbers["states"] > 1e-8


def test_augmented_identity_needs_the_dynamics_of_a_primitive_function():
    bench = case(energy_published, "tanh", SMALL, batch=3)
    assert augmented.check_identity("published", bench).verdict is Verdict.FAIL


def test_stability_bound_is_met_and_a_wrong_rule_misses_it(monkeypatch):
    bench = case(energy_exact, "tanh", SMALL)
    assert stability.check_threshold("exact", bench).verdict is Verdict.PASS

    def damped(*arguments, kappa, **options):
        return nudged_phase(*arguments, kappa=kappa / 2, **options)

    monkeypatch.setattr("reproduce.verification.stability.nudged_phase", damped)
    assert stability.check_threshold("damped", bench).verdict is Verdict.FAIL


@pytest.mark.parametrize("label", list(boundaries.VOID))
def test_void_comparisons_are_called_inconclusive(label):
    check = boundaries.check_void(label, boundaries.VOID[label]())
    assert check.verdict is Verdict.PASS, check.reason
    assert check.reason


def test_a_sound_comparison_is_not_called_void():
    sound = boundaries._check(case(energy_exact, "tanh", SMALL))
    assert boundaries.check_void("sound", sound).verdict is Verdict.FAIL


def test_every_group_has_checks():
    assert all(callable(group) for group in GROUPS.values())
    assert next(GROUPS["C-VF without symmetric weights"]()).verdict is Verdict.PASS


def test_a_check_that_breaks_down_is_inconclusive_and_the_others_go_on(tmp_path, monkeypatch):
    bench = case(energy_exact, "tanh", SMALL)
    monkeypatch.setattr(stability, "EXACT", {"one": lambda *_: bench.network})
    monkeypatch.setattr(stability, "check_threshold", lambda *_: 1 / 0)
    sound = Check("sound", "s", Verdict.PASS)
    groups = {"broken": stability.threshold, "whole": lambda: iter([sound])}
    monkeypatch.setattr(command, "GROUPS", groups)
    assert command.verify(tmp_path) is Verdict.INCONCLUSIVE
    *broken, whole = read_stage(tmp_path, "verify").checks
    assert {check.name for check in broken} == {
        "stability/one/784-32-10",
        "stability/one/784-512-10",
    }
    assert {check.verdict for check in broken} == {Verdict.INCONCLUSIVE}
    assert broken[0].reason == "the check broke down: ZeroDivisionError: division by zero"
    assert whole.verdict is Verdict.PASS
