"""EP and BPTT beside each other on the small convolutional rows, and the search for their rates."""

from pathlib import Path

import pytest

from cep_core.runs.row import row_named
from reproduce.runs.results import committed
from reproduce.trainings.convolutional import (
    BACKPROPAGATED,
    INSIDE,
    OUTSIDE,
    PAIRS,
    ROWS,
    beside,
    beside_each_other,
    chosen,
    interval,
    searched,
)
from reproduce.trainings.trials import trials_of
from tests.reproduce.trainings.results import committed_in, results_of


def trials(tmp_path, *listed):
    return trials_of(committed(committed_in(tmp_path / "results", *listed)))


def test_the_names_are_those_of_trainings_whole_on_the_digits_their_row_asks_for(tmp_path):
    found = trials(
        tmp_path,
        results_of("P-conv-small"),
        results_of("P-conv-small", nudge="outside"),
        results_of("P-conv-small-C-EP"),
        results_of("P-conv-small-BPTT"),
    )
    assert set(found) == set(ROWS)
    assert all(len(group.whole) == 1 for group in found.values())
    fewer = results_of("P-conv-small")
    fewer["data"]["train"] = 2000
    assert not trials(tmp_path / "fewer", fewer)


@pytest.mark.parametrize(
    ("ours", "theirs", "answer"),
    [
        ([5.1], [5.0], "holds"),
        ([5.8], [5.0], "undecided"),
        ([9.0], [5.0], "does not hold"),
        ([3.0], [5.0], "does not hold"),
        ([5.1, 5.2, 5.3], [5.0, 5.1, 5.1], "holds"),
        ([5.0, 7.0], [5.1, 5.0], "undecided"),
        ([8.0, 8.1], [5.0, 5.0], "does not hold"),
        ([88.0], [5.0], "does not hold"),
    ],
)
def test_a_difference_is_judged_by_its_interval(ours, theirs, answer, tmp_path):
    found = trials(
        tmp_path,
        *(results_of(INSIDE, seed, [e]) for seed, e in enumerate(ours)),
        *(results_of(BACKPROPAGATED, seed, [e]) for seed, e in enumerate(theirs)),
    )
    claim = beside(found, INSIDE, BACKPROPAGATED)
    assert claim.answer == answer
    one_seed = len(ours) == 1 and ours[0] < 50
    assert ("over test images alone" in claim.reason) == one_seed


def test_what_was_not_trained_is_not_run_and_named(tmp_path):
    found = trials(tmp_path, results_of(INSIDE, 0), results_of(BACKPROPAGATED, 1))
    claims = beside_each_other(found)
    assert [claim.answer for claim in claims] == ["not run"] * len(PAIRS)
    assert "one seed by both" in claims[0].reason
    assert OUTSIDE in claims[1].reason


def test_the_interval_of_one_seed_is_that_of_two_proportions_and_of_more_that_of_student():
    low, high = interval([(10.0, 10.0)], 10_000)
    assert high == -low == pytest.approx(100 * 1.959964 * (2 * 0.09 / 10_000) ** 0.5)
    low, high = interval([(1.0, 0.0), (3.0, 0.0)], 10_000)
    assert (low + high) / 2 == pytest.approx(2.0)
    assert (high - low) / 2 == pytest.approx(12.7062 * 2**0.5 / 2**0.5, rel=1e-4)


def test_the_rates_of_the_rows_are_those_that_the_committed_search_chooses():
    checkout = Path(__file__).parents[3]
    found = searched(checkout / "reports" / "search")
    assert all(run["data"].startswith("validation:") for run in found)
    best = next(r for r in chosen(found) if r["row"] == INSIDE and r["nudge"] == "inside")
    for name in (INSIDE, BACKPROPAGATED):
        assert list(row_named(name).learning_rates) == best["learning_rates"]


def test_of_runs_within_one_standard_error_the_smallest_rates_are_chosen():
    run = {"row": "A", "nudge": "inside", "images": 625}
    of = [(25.0, 3.0), (26.7, 2.0), (26.8, 1.0)]  # the standard error is 1.73
    runs = [run | {"error": error, "learning_rates": [rate]} for error, rate in of]
    assert [r["learning_rates"] for r in chosen(runs)] == [[2.0]]


def test_a_search_is_sorted_best_first_and_other_rows_are_left_out(tmp_path):
    folder = committed_in(
        tmp_path,
        results_of("P-conv-small", 0, [40.0], learning_rates=(0.1, 0.1, 0.1)),
        results_of("P-conv-small", 0, [30.0], learning_rates=(0.2, 0.1, 0.1)),
        results_of("EP-1h", 0, [2.0]),
    )
    assert [run["error"] for run in searched(folder)] == [30.0, 40.0]
