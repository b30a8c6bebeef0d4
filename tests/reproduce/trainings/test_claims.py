"""Each claim, from trainings that must make it hold, fail, or stay undecided."""

import pytest

from reproduce.runs.results import committed
from reproduce.trainings.claims import ANGLES, at_angle, claims
from reproduce.trainings.findings import findings
from reproduce.trainings.trials import trials_of
from tests.reproduce.trainings.results import committed_in, results_of


def answers(folder, listed, angles=None):
    trials = trials_of(committed(committed_in(folder, *listed)))
    return {claim.name: claim for claim in claims(trials, angles or {})}


@pytest.mark.parametrize(
    ("errors", "answer"),
    [
        ([2.3, 2.2, 2.4], "holds"),
        ([4.3, 4.2, 4.4], "does not hold"),
        ([2.3, 2.2, 90.2], "does not hold"),
        ([2.0, 4.2, 2.4], "undecided"),
        ([2.3], "undecided"),
        ([], "not run"),
    ],
)
def test_a_moderate_loss(tmp_path, errors, answer):
    listed = [results_of("EP-1h", seed, [2.0 + 0.1 * seed]) for seed in range(3)]
    listed += [results_of("C-EP-1h", seed, [error]) for seed, error in enumerate(errors)]
    assert answers(tmp_path, listed)["moderate loss, 1h"].answer == answer


@pytest.mark.parametrize(("slope", "answer"), [(0.01, "holds"), (-0.01, "does not hold")])
def test_the_trend_with_the_angle(tmp_path, slope, answer):
    listed = [
        results_of("C-VF-1h", seed, [5.0 + slope * angle + 0.1 * seed], angle=angle)
        for angle in ANGLES
        for seed in (0, 1)
    ]
    found = answers(tmp_path, listed)["degrades with the angle, C-VF-1h"]
    assert found.answer == answer
    assert found.numbers["mean by angle"][180.0] == pytest.approx(5.05 + 180 * slope)


def test_one_seed_is_too_few_for_a_trend(tmp_path):
    listed = [results_of("C-VF-1h", 0, [5.0 + angle], angle=angle) for angle in ANGLES]
    found = answers(tmp_path, listed)["degrades with the angle, C-VF-1h"]
    assert found.answer == "undecided"
    assert "1 of 2 needed; 9 whole runs" in found.reason


@pytest.mark.parametrize(("sign", "answer"), [(1, "holds"), (-1, "does not hold")])
def test_closer_is_better(tmp_path, sign, answer):
    listed = [results_of("C-VF-1h", 0, [50.0 + sign * a / 10], angle=a) for a in ANGLES]
    before = {at_angle("C-VF-1h", angle): angle / 2 for angle in ANGLES}
    assert answers(tmp_path, listed, before)["closer is better"].answer == answer


@pytest.mark.parametrize(
    ("odd", "even", "answer"),
    [
        (4.0, 0.8, "holds"),
        (4.0, 3.0, "does not hold"),
        (0.8, 0.8, "undecided"),
        (4.0, None, "not run"),
    ],
)
def test_even_steps(tmp_path, odd, even, answer):
    def run(last, **changed):
        train = [10.0] * 98 + [0.75, last]
        return results_of("C-EP-1h", 0, [3.0], train=train, **changed)

    listed = [run(odd)] + ([] if even is None else [run(even, nudged_steps=14)])
    found = findings(trials_of(committed(committed_in(tmp_path, *listed))), no_margin)[0]
    assert found.answer == answer


def no_margin(row):
    raise AssertionError(f"asked for the margin of {row.name}")


@pytest.mark.parametrize(
    ("published", "halved", "bound", "answer"),
    [
        ([90.2, 79.7], [2.1], 0.014, "holds"),
        ([90.2, 79.7], [2.1, 88.0], 0.014, "does not hold"),
        ([2.4, 2.5], [2.1], 0.014, "does not hold"),
        ([90.2, 2.5], [2.1], 0.014, "undecided"),
        ([90.2, 79.7], [2.1], 0.1, "undecided"),  # stable as published: it is not that
        ([90.2, 79.7], [2.1], 0.001, "undecided"),  # nor is it where half is no more stable
    ],
)
def test_halved_kappa(tmp_path, published, halved, bound, answer):
    listed = [results_of("C-VF-1h", seed, [error]) for seed, error in enumerate(published)]
    listed += [results_of("C-VF-1h", s, [error], beta=0.4) for s, error in enumerate(halved)]
    trials = trials_of(committed(committed_in(tmp_path, *listed)))

    def margin(row):
        return bound / (row.learning_rates[0] / row.beta)

    found = findings(trials, margin)[1]
    assert found.answer == answer
    assert "margin" in found.reason


def test_a_margin_is_asked_only_where_it_tells_something(tmp_path):
    trials = trials_of(committed(committed_in(tmp_path, results_of("C-VF-1h", 0, [90.0]))))
    assert findings(trials, no_margin)[1].reason == "no whole training of C-VF-1h, beta 0.4"
