"""Rows of convolutional networks: read, refused, trained by every rule, resumed bitwise."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch

from cep_core.data.mnist import load
from cep_core.runs.files import RunError
from cep_core.runs.row import SpecError, read_row, row_named
from cep_core.runs.train import Request, check_fit, train

CHECKOUT = Path(__file__).parents[3]
SMALL = row_named("P-conv-small").changed(
    channels=(2, 3), samples=60, free_steps=6, nudged_steps=3, epochs=2
)


@pytest.fixture(scope="module")
def digits():
    data = load()
    return replace(data, test_images=data.test_images[:50], test_labels=data.test_labels[:50])


def test_the_published_row_is_the_published_network():
    row = row_named("P-conv")
    assert row.layers == "784-32c5-64c5-10"
    assert row.maps.states == ((10,), (64, 4, 4), (32, 12, 12))
    assert (row.beta, row.free_steps, row.nudged_steps, row.epochs) == (0.4, 200, 10, 40)
    assert row.winners == "one step old"
    assert row.nudge == "outside"
    rates = row.rates(row.initial(0, torch.float32))
    assert (rates["W_0_1"], rates["W_1_2"], rates["W_2_x"]) == (0.015, 0.035, 0.15)


def test_the_small_rows_start_from_the_same_weights():
    rows = [row_named(f"P-conv-small{rule}") for rule in ("", "-C-EP", "-BPTT")]
    first, *others = (row.initial(3, torch.float32) for row in rows)
    for other in others:
        assert all(torch.equal(first[name], other[name]) for name in first)
    assert rows[0].learning_rates == rows[2].learning_rates
    assert len({row.as_json()["samples"] for row in rows}) == 1


@pytest.mark.parametrize("rule", ["EP", "C-EP", "BPTT"])
def test_a_run_resumes_bitwise(rule, digits, tmp_path):
    row = SMALL.changed(rule=rule)
    whole = train(Request(row, 0), digits, tmp_path / "whole", show="warnings")
    assert whole["engine"] == "fast"
    assert whole["data"]["train"] == 60
    train(Request(row, 0), digits, tmp_path / "parts", epochs=1, show="warnings")
    parts = train(Request(row, 0), digits, tmp_path / "parts", show="warnings")
    for column in ("test_error", "train_error", "residual", "norms"):
        assert parts[column] == whole[column]
    assert all(value > 0 for value in whole["norms"]["W_1_2"])
    assert whole["residual"][-1] is not None


def test_rules_and_nudges_make_other_runs_and_learn_otherwise(digits, tmp_path):
    found = {}
    for name, change in (
        ("inside", {}),
        ("outside", {"nudge": "outside"}),
        ("C-EP", {"rule": "C-EP"}),
        ("BPTT", {"rule": "BPTT"}),
        ("untied", {"rule": "C-VF", "angle": 45.0}),
    ):
        row = SMALL.changed(**change, epochs=1)
        found[name] = train(Request(row, 0), digits, tmp_path / name, show="warnings")
    assert len({results["hash"] for results in found.values()}) == 5
    assert len({results["norms"]["W_1_2"][0] for results in found.values()}) == 5
    assert found["untied"]["engine"] == "reference"
    assert "expected a chain of tied convolutions" in found["untied"]["note"]


def test_a_field_with_its_default_does_not_enter_the_identity_of_older_rows():
    assert "channels" not in Path(CHECKOUT / "cep_core/runs/table/EP-1h.toml").read_text()
    row = row_named("EP-1h")
    assert (row.channels, row.samples, row.pooling) == (None, None, "max")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            {"channels": (2, 3, 4)},
            r"kernel\[2\]: expected windows that fit .* 5x5 on 4x4",
        ),
        ({"channels": ()}, r"channels: expected a list of 1 or more values, .* found \(\)"),
        ({"sizes": (783, 10)}, r"sizes: expected a square image first, found \(783, 10\)"),
        ({"learning_rates": (0.1, 0.2)}, "learning_rates: expected 3 of them, one per layer"),
        ({"pooling": "median"}, "pooling: expected one of max, average, softmax, found 'median'"),
        ({"winners": "new"}, "winners: expected one of current, one step old, found 'new'"),
        ({"output_activation": "tanh"}, "output_activation: expected none with channels"),
        ({"setting": "energy-based", "dt": 0.1}, "setting: expected prototypical, found 'energy-b"),
        ({"rule": "BPTT", "nudged_steps": 7}, "nudged_steps: expected at most the 6 of the free"),
        ({"channels": (300, 10**6)}, "sizes: expected at most 268435456 weights in all"),
        ({"batch": 10**5, "channels": (64, 64)}, "batch: expected at most 268435456 neurons"),
    ],
)
def test_what_cannot_be_trained_is_refused(change, message):
    with pytest.raises((SpecError, ValueError), match=message):
        SMALL.changed(**change)


def test_more_samples_than_there_are_is_refused(digits):
    with pytest.raises(RunError, match="samples: expected at most 4000, found 5000"):
        check_fit(SMALL.changed(samples=5000), digits, 1)


def test_a_row_of_ones_own_may_have_channels(tmp_path):
    path = tmp_path / "own.toml"
    text = (CHECKOUT / "cep_core/runs/table/P-conv-small.toml").read_text(encoding="utf-8")
    path.write_text(text.replace("[16, 32]", "[4, 6]") + 'pooling = "average"\npadding = 2\n')
    row = read_row(path)
    assert row.maps.states == ((10,), (6, 7, 7), (4, 14, 14))
