from dataclasses import replace
from functools import partial
from itertools import pairwise

import numpy as np
import pytest

from cep_core.networks import EnergyBased
from cep_core.phases import nudged_phase
from cep_core.rules import C_VF
from theory.arithmetic.prime_field import Field, P, uniform
from theory.arithmetic.tape import unrolled_gradients
from theory.case import Answer, decide
from theory.methods import identities
from theory.methods.identities import augmented, joint_limit, theorem1, vector_field_error
from theory.methods.modular import ONE_HIDDEN, cases, decide_at_random, degree_of
from theory.mutants.catalogue import MUTANTS
from theory.mutants.planted import planted
from theory.points.drawn import Shape, draw_point

SMALL, DEEP = (5, 4, 3), (5, 4, 3, 2)
exact = partial(theorem1, steps=6)
at_kappa = partial(joint_limit, steps=6)


@pytest.mark.parametrize(
    "case", [c for c in cases() if c.size.startswith("784-512-10")], ids=lambda c: c.name
)
def test_every_case_at_784_512_10_has_its_expected_answer(case):
    check = decide(case)
    assert check.verdict == "pass", check.reason


def test_the_cases_cover_both_of_the_papers_networks_and_name_their_error_probability():
    shapes = {case.size for case in cases()}
    assert shapes == {"784-512-10, K = 10", "784-512-512-10, K = 10"}
    case = next(c for c in cases() if c.statement == "theorem1" and "784-512-512-10" in c.size)
    check = decide(case)
    assert check.verdict == "pass", check.reason
    assert check.numbers["identities"] > 6_000_000
    assert check.numbers["error probability"] == check.numbers["degree"] / P < 1e-7


@pytest.mark.parametrize("sizes", [SMALL, DEEP])
@pytest.mark.parametrize(
    ("shape", "identity"),
    [
        (Shape(SMALL), exact),
        (Shape(SMALL, linear_output=True), exact),
        (Shape(SMALL, batch=3), exact),
        (Shape(SMALL, setting="prototypical"), exact),
        (Shape(SMALL, setting="prototypical", batch=2), at_kappa),
        (Shape(SMALL, linear_output=True), at_kappa),
        (Shape(SMALL, backward="symmetric"), partial(exact, rule=C_VF)),
        (Shape(SMALL, backward="free"), partial(vector_field_error, steps=6)),
        (
            Shape(SMALL, backward="free", setting="prototypical"),
            partial(vector_field_error, steps=6),
        ),
        (Shape(SMALL, batch=3, order=3), partial(augmented, steps=5, order=3)),
    ],
)
def test_true_identities_hold_at_any_seed(shape, identity, sizes):
    for seed in range(3):
        outcome = decide_at_random(replace(shape, sizes=sizes), identity, seed=seed)
        assert outcome.answer is Answer.HOLDS, outcome.reason


# One weight of 5120, by 1, on one side


def with_changed_weight(point, *, keep_settled):
    """Add 1 to one weight; with ``keep_settled`` the biases absorb what it adds to the drift."""
    words = point.parameters["W_0_1"].words.copy()
    assert words.size == 5120
    words[3, 400] = (words[3, 400] + np.uint64(1)) % np.uint64(P)
    changed = point.parameters | {"W_0_1": Field(words)}
    if keep_settled:
        rho = [f(s) for f, s in zip(point.network.activations, point.state, strict=True)]
        for n, unit, sent in ((0, 3, rho[1].words[0, 400]), (1, 400, rho[0].words[0, 3])):
            bias = changed[f"b_{n}"].words.copy()
            bias[unit] = (bias[unit] + np.uint64(P) - sent) % np.uint64(P)
            changed[f"b_{n}"] = Field(bias)
        after = point.network.transition(point.x, point.state, changed)
        assert all((a - s).is_zero() for a, s in zip(after, point.state, strict=True))
    return changed


@pytest.mark.parametrize("keep_settled", [False, True])
def test_one_weight_of_5120_changed_by_one_on_the_bptt_side_is_seen(keep_settled, monkeypatch):
    def identity(point):
        changed = with_changed_weight(point, keep_settled=keep_settled)

        def elsewhere(network, x, y, _parameters, start, *, steps):
            return unrolled_gradients(network, x, y, changed, start, steps=steps)

        monkeypatch.setattr(identities, "unrolled_gradients", elsewhere)
        return theorem1(point, steps=3)

    outcome = decide_at_random(Shape(ONE_HIDDEN), identity)
    assert outcome.answer is Answer.REFUTED


def test_one_weight_of_5120_changed_by_one_on_the_nudged_side_is_seen(monkeypatch):
    def identity(point):
        changed = with_changed_weight(point, keep_settled=True)

        def phase(network, rule, x, y, _parameters, start, **options):
            return nudged_phase(network, rule, x, y, changed, start, **options)

        monkeypatch.setattr(identities, "nudged_phase", phase)
        return theorem1(point, steps=3)

    outcome = decide_at_random(Shape(ONE_HIDDEN), identity)
    assert outcome.answer is Answer.REFUTED
    assert outcome.numbers["first time"] == 1


# Planted errors; the table of mutants has the others


def hidden_nudge(network, rule, x, y, parameters, start, *, beta, **options):
    class Wrong(EnergyBased):
        def transition(self, x, state, parameters, nudge=None):
            new = super().transition(x, state, parameters)
            if nudge is None:
                return new
            units = np.zeros((new[0].shape[1], new[1].shape[1]), dtype=np.uint64)
            units[0, 0] = 1
            return (new[0], new[1] - (nudge @ Field(units)) * self.dt)

    wrong = Wrong(network.activations, network.dt, network.drift_slope)
    return nudged_phase(wrong, rule, x, y, parameters, start, beta=beta, **options)


def slope_forgotten(network, rule, *arguments, **options):
    wrong = EnergyBased(network.activations, network.dt, drift_slope="none")
    for step in nudged_phase(network, rule, *arguments, **options):
        x, parameters = arguments[0], arguments[2]
        change = tuple(b - a for a, b in zip(step.state, step.following, strict=True))
        gradient = wrong.vector_field_gradient(x, step.state, parameters, change)
        yield replace(step, increment=gradient)


@pytest.mark.parametrize("phase", [hidden_nudge, slope_forgotten])
def test_a_wrong_phase_refutes_theorem_1_and_the_joint_limit(phase, monkeypatch):
    monkeypatch.setattr(identities, "nudged_phase", phase)
    for identity in (exact, at_kappa):
        assert decide_at_random(Shape(SMALL), identity).answer is Answer.REFUTED


@pytest.mark.parametrize(
    "name", ["frozen theta", "theta used before it is updated", "kappa scaled by dt"]
)
def test_whether_and_when_theta_is_applied_is_seen_at_kappa_only(name):
    mutant = next(mutant for mutant in MUTANTS if mutant.name == name)
    with planted(mutant.edits):
        assert decide_at_random(Shape(SMALL), exact).answer is Answer.HOLDS
        for identity in (at_kappa, partial(augmented, steps=4, order=1)):
            assert decide_at_random(Shape(SMALL), identity).answer is Answer.REFUTED


def test_bptt_of_another_drift_is_seen(monkeypatch):
    def without_slope(network, *arguments, steps):
        return unrolled_gradients(replace(network, drift_slope="none"), *arguments, steps=steps)

    monkeypatch.setattr(identities, "unrolled_gradients", without_slope)
    assert decide_at_random(Shape(SMALL), exact).answer is Answer.REFUTED


# Doubt


def test_a_comparison_of_nothing_is_undecided():
    def at_the_target(point):
        return theorem1(replace(point, y=point.state[0]), steps=3)

    outcome = decide_at_random(Shape(SMALL), at_the_target)
    assert outcome.answer is Answer.UNDECIDED
    assert "zero on both sides" in outcome.reason


def test_a_point_that_is_not_settled_is_undecided():
    def elsewhere(point):
        moved = (point.state[0] + 1, *point.state[1:])
        return theorem1(replace(point, state=moved), steps=3)

    outcome = decide_at_random(Shape(SMALL), elsewhere)
    assert outcome.answer is Answer.UNDECIDED
    assert "not a steady state" in outcome.reason


def test_an_input_as_large_as_its_layer_is_refused():
    with pytest.raises(ValueError, match=r"unlike the layer next to it, found \(4, 4, 2\)"):
        decide_at_random(Shape((4, 4, 2)), exact)


# The computed degree


@pytest.mark.parametrize(
    ("shape", "identity"),
    [
        (Shape((2, 3, 2)), partial(theorem1, steps=3)),
        (Shape((2, 3, 2), setting="prototypical"), partial(theorem1, steps=3)),
        (Shape((2, 3, 2), linear_output=True), partial(joint_limit, steps=3)),
        (Shape((2, 3, 2), batch=2, order=2), partial(augmented, steps=2, order=2)),
    ],
)
def test_the_computed_degree_bounds_the_degree_along_random_lines(shape, identity):
    """A polynomial of degree d along a line has no finite difference of order d + 1."""
    degree = degree_of(shape, identity)

    def left_sides(z):
        generator = np.random.default_rng(11)

        def on_a_line(*size):
            return uniform(generator, *size) + uniform(generator, *size) * z

        point = draw_point(shape, on_a_line)
        sides = [left.words.ravel() for _, _, left, _ in identity(point)]
        return np.concatenate(sides).astype(object)

    differences = [left_sides(z) for z in range(degree + 2)]
    orders = 0
    while any(row.any() for row in differences):
        differences = [(b - a) % P for a, b in pairwise(differences)]
        orders += 1
    assert 1 < orders <= degree + 1
