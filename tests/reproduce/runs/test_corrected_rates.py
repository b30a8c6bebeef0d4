"""The corrected rows' learning rates are those that the committed search found."""

from collections import defaultdict
from pathlib import Path
from statistics import mean

from cep_core.runs.files import read_results
from cep_core.runs.row import row_named
from reproduce.runs.results import name_of
from reproduce.sweep.spec import read_sweep

CHECKOUT = Path(__file__).parents[3]
SWEEP = CHECKOUT / "reproduce/experiments/sweeps/corrected-rates.toml"
SEARCH = CHECKOUT / "reports" / "search"


def test_the_rates_have_the_smallest_error_on_what_was_held_out():
    errors = defaultdict(list)
    (block,) = read_sweep(SWEEP)
    for row in block.rows:
        identity = {"spec": row.as_json()}
        found = read_results(SEARCH / name_of(row.name, 0, identity))
        assert found["data"]["name"] == "validation:mnist", "not a look at the test set"
        assert found["epochs"] >= block.epochs
        errors[row.learning_rates].append(found["test_error"][block.epochs - 1])
    assert len(errors) == 5
    assert {len(of_rates) for of_rates in errors.values()} == {3}, "three angles"
    best = min(errors, key=lambda rates: mean(errors[rates]))
    assert best == row_named("corrected-C-VF-1h").learning_rates
