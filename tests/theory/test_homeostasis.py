"""Statements on directed networks: the bias, the draws, and nudges on a circle."""

from types import SimpleNamespace

import numpy as np
import pytest
from flint import acb

from cep_core.check.verdicts import Verdict
from theory.arithmetic.balls import precision
from theory.case import Answer, decide
from theory.methods.analytic import Disc, at, complex_balls, disc, square
from theory.methods.steady_state import UncertifiedError
from theory.statements import homeostasis_bias, homeostasis_draws, points_on_circle
from theory.statements.points_on_circle import Small, order_at

SMALL = Small("both ways", (2, 2, 2))
CASES = (*homeostasis_bias.cases(), *homeostasis_draws.cases())


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_bias_and_draws(case):
    check = decide(case)
    assert check.verdict is Verdict.PASS, check.reason


def test_the_bound_is_far_from_tight_and_the_bias_is_not_small():
    found = homeostasis_bias.bound_in_balls("a loop in one direction", None, (784, 8, 6, 10))
    assert found.answer is Answer.HOLDS
    assert found.numbers["|q - lambda| / |lambda|"] > 0.1
    assert found.numbers["bound"] > 2 * found.numbers["|q - lambda|"]


@pytest.mark.parametrize("corrected", [False, True])
def test_points_have_their_order_in_a_certified_disc(corrected, monkeypatch):
    monkeypatch.setattr(points_on_circle, "ACROSS", 3)
    monkeypatch.setattr(points_on_circle, "RADIUS", 0.04)
    monkeypatch.setattr(points_on_circle, "BETA", 0.02)
    monkeypatch.setattr(points_on_circle, "POINTS", (2, 3))
    found = order_at(SMALL, corrected=corrected)
    assert found.answer is Answer.HOLDS, found.reason
    assert found.numbers["N = 3"]["error"] < found.numbers["N = 3"]["bound"]
    assert abs(found.numbers["N = 3"]["order"] - 3) < 0.1


def test_a_disc_that_is_too_wide_is_not_certified(monkeypatch):
    with (
        precision(64),
        pytest.raises(UncertifiedError, match="no analytic steady state was certif"),
    ):
        disc(SMALL.plain, SMALL.free, 3.0, 3)
    monkeypatch.setattr(points_on_circle, "RADIUS", 3.0)
    assert order_at(SMALL, corrected=False).answer is Answer.UNDECIDED


def test_an_enclosure_holds_the_nudged_state_and_its_conjugate():
    with precision(64):
        nudge = 0.02 + 0.015j
        wide = complex_balls(np.array([[1.0]])).matrix
        assert wide[0, 0].contains(acb(1))
        near = at(SMALL.plain, nudge, SMALL._reached(SMALL.plain, nudge))
        mirrored = at(SMALL.plain, nudge.conjugate(), SMALL.free)
        for one, other in zip(near.zero.entries(), mirrored.zero.entries(), strict=True):
            assert abs(complex(one.mid()) - complex(other.mid()).conjugate()) < 1e-15
        assert square(0.5j, 0.1).contains(acb(0.05, 0.45))
        assert not square(0.5j, 0.1).contains(acb(0.2, 0.5))


def test_the_tail_is_the_geometric_series_of_cauchy():
    found = Disc(0.5, 0.25, 1).tail(0.25, 2)
    assert abs(found - 0.5 * 0.25 / 0.75) < 1e-12


@pytest.mark.parametrize(("points", "corrected"), [(4, False), (1, True)])
def test_one_remedy_alone_leaves_a_bias(points, corrected):
    found = points_on_circle.alone_at(SMALL, points=points, corrected=corrected)
    assert found.answer is Answer.REFUTED
    together = points_on_circle.alone_at(SMALL, points=4, corrected=True)
    assert together.answer is Answer.HOLDS


def test_an_order_that_is_not_the_expected_one_is_refuted(monkeypatch):
    wrong = SimpleNamespace(tail=lambda *_: 1.0)
    monkeypatch.setattr(points_on_circle, "POINTS", (2,))
    monkeypatch.setattr(Small, "estimate", lambda self, e, b, n: self.response(e) * (1 + b))
    with precision(64):
        exact = SMALL.response(SMALL.plain)
        _, why = points_on_circle._orders(SMALL, SMALL.plain, exact, wrong, 0.02)
    assert why.startswith("N = 2: the error falls with order 1.0")
