"""Committed results become trials of the training that they are of."""

import pytest

from cep_core.runs.files import RunError
from reproduce.runs.results import committed
from reproduce.table.results import CHANCE
from reproduce.trainings.trials import trials_of
from tests.reproduce.trainings.results import committed_in, results_of


def grouped(folder, *listed):
    return trials_of(committed(committed_in(folder, *listed)))


def test_runs_that_differ_in_their_seeds_are_trials_of_one(tmp_path):
    found = grouped(
        tmp_path,
        results_of(seed=0, errors=[2.2, 2.0]),
        results_of(seed=1, errors=[1.8, 1.9]),
        results_of(seed=2, epochs=7),
        results_of(seed=0, errors=[3.0], nudge="inside"),
    )
    assert set(found) == {"EP-1h", "EP-1h, nudge inside"}
    trials = found["EP-1h"]
    assert trials.errors() == [2.0, 1.9]
    assert trials.errors(over=2) == pytest.approx([2.1, 1.85])
    assert trials.errors("train_error") == [1.0, 0.95]
    assert trials.told() == "2 whole, seed 2 at epoch 7 of 30"
    assert found["EP-1h, nudge inside"].changed == {"nudge": "inside"}


def test_a_field_at_a_rows_default_is_not_the_published_value(tmp_path):
    """C-VF-1h draws the sign of beta; a run with one sign has nothing in its identity for it."""
    found = grouped(tmp_path, results_of("C-VF-1h", positive_probability=1.0))
    assert list(found) == ["C-VF-1h, positive probability 1.0"]
    assert found["C-VF-1h, positive probability 1.0"].row.positive_probability == 1.0


def test_a_run_that_was_trained_further_counts_at_the_papers_length(tmp_path):
    longer = results_of(errors=[2.0, 9.0], epochs=31)
    assert grouped(tmp_path, longer)["EP-1h"].errors() == [2.0]


def test_a_lost_run_is_whole_and_says_when(tmp_path):
    lost = results_of("C-VF-1h", seed=0, errors=[3.0, 65.9, 90.2, 90.2])
    found = grouped(tmp_path, lost, results_of("C-VF-1h", seed=1, errors=[50.0, 2.5]))["C-VF-1h"]
    assert found.lost == [0]
    assert [trial.lost_at() for trial in found.whole] == [98, None]


def test_a_diverged_run_counts_as_chance(tmp_path):
    diverged = results_of(errors=[9.0], epochs=12, diverged={"epoch": 13, "parameter": "b_0"})
    trials = grouped(tmp_path, diverged)["EP-1h"]
    assert trials.errors() == [CHANCE]
    assert trials.lost == [0]
    assert trials.whole[0].lost_at() == 13


def test_few_digits_say_nothing(tmp_path):
    few = results_of() | {"data": {"name": "mnist5k", "train": 4000, "test": 1000}}
    assert grouped(tmp_path, few) == {}


def test_a_copy_in_anothers_place_is_named(tmp_path):
    committed_in(tmp_path, results_of(seed=1))
    (tmp_path / "EP-1h" / "seed1.json").rename(tmp_path / "EP-1h" / "seed3.json")
    with pytest.raises(RunError, match=r"seed3\.json: expected the results of this row and seed"):
        trials_of(committed(tmp_path))
