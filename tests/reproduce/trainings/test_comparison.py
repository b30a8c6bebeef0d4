"""The four answers, each from numbers that must give it."""

import math

import numpy as np
import pytest
from scipy import stats

from reproduce.trainings.comparison import Answer, Reported, compare

PUBLISHED = Reported(2.00, 0.13, 5)
MARGIN = 0.28


def test_the_same_errors_are_reproduced():
    found = compare([1.95, 2.05, 1.90, 2.10, 2.00], PUBLISHED, margin=MARGIN)
    assert found.answer is Answer.REPRODUCED
    assert found.equivalent < 0.05 < found.different
    assert found.interval[0] < 0 < found.interval[1]


def test_other_errors_are_not():
    found = compare([3.0, 3.1, 2.9, 3.05, 3.2], PUBLISHED, margin=MARGIN)
    assert found.answer is Answer.NOT_REPRODUCED
    assert found.interval[0] > MARGIN


def test_a_small_difference_that_is_sure_is_reproduced_and_told():
    ours = [2.20, 2.21, 2.19, 2.20, 2.20]
    found = compare(ours, Reported(2.00, 0.01, 5), margin=MARGIN)
    assert found.different < 0.05
    assert found.answer is Answer.REPRODUCED
    assert "+0.20" in found.reason


def test_scattered_errors_are_underpowered():
    found = compare([1.5, 2.6, 2.2], PUBLISHED, margin=MARGIN)
    assert found.answer is Answer.UNDERPOWERED
    assert found.spread_ratio > 1


def test_a_lost_trial_is_what_it_is():
    found = compare([2.0, 2.1, 90.2, 1.9, 2.0], PUBLISHED, margin=MARGIN, lost=[2])
    assert found.answer is Answer.NOT_REPRODUCED
    assert "seed 2" in found.reason
    assert found.difference == pytest.approx(17.64)


def test_nothing_is_not_run():
    assert compare([], PUBLISHED, margin=MARGIN).answer is Answer.NOT_RUN


@pytest.mark.parametrize(
    ("ours", "answer"), [(2.1, Answer.UNDERPOWERED), (5.0, Answer.NOT_REPRODUCED)]
)
def test_one_trial_never_reproduces(ours, answer):
    assert compare([ours], PUBLISHED, margin=MARGIN).answer is answer
    assert compare([ours], Reported(2.0, None, 5), margin=MARGIN).answer is answer


def test_the_statistics_are_those_of_any_sample_with_the_published_summary():
    """Welch's test knows a sample by its mean, standard deviation and size alone."""
    rng = np.random.default_rng(3)
    ours = rng.normal(2.1, 0.2, 5)
    drawn = rng.normal(size=5)
    theirs = 2.00 + 0.13 * (drawn - drawn.mean()) / drawn.std(ddof=1)
    found = compare(ours, PUBLISHED, margin=MARGIN)
    expected = stats.ttest_ind(ours, theirs, equal_var=False)
    assert found.different == pytest.approx(expected.pvalue, rel=1e-9)
    assert found.interval == pytest.approx(tuple(expected.confidence_interval(0.95)), rel=1e-9)
    error = math.sqrt(ours.var(ddof=1) / 5 + 0.13**2 / 5)
    t = (abs(found.difference) - MARGIN) / error
    assert found.equivalent == pytest.approx(stats.t.cdf(t, expected.df), rel=1e-9)
    ratio = stats.f.interval(0.95, 4, 4)
    assert found.spread_interval == pytest.approx(
        tuple(ours.std(ddof=1) / 0.13 / math.sqrt(edge) for edge in reversed(ratio))
    )


def test_against_a_number_without_a_spread():
    found = compare([0.20, 0.21, 0.19], Reported(0.20, None, 5), margin=MARGIN)
    assert found.answer is Answer.REPRODUCED
    low, high = found.interval
    assert low < 0 < high
    assert high - low < 0.1
    same = compare([0.5, 0.5], Reported(0.20, None, 5), margin=MARGIN)
    assert same.answer is Answer.NOT_REPRODUCED


def test_what_cannot_be_compared_is_refused():
    with pytest.raises(ValueError, match="margin: expected percentage points above 0, found 0"):
        compare([2.0], PUBLISHED, margin=0)
    with pytest.raises(ValueError, match="ours: expected finite errors, found nan"):
        compare([math.nan], PUBLISHED, margin=MARGIN)
