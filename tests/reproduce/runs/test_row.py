"""Rows and published numbers: every fault of a file is named, every row is the paper's."""

import dataclasses

import pytest
import torch

from cep_core.fields import FieldError
from cep_core.networks import EnergyBased, Prototypical
from cep_core.runs.row import Row, SpecError, kinds, read_row, row_named, row_names
from reproduce.table.published import read_published
from reproduce.table.results import ALL_ROWS

GOOD = """
name = "mine"
title = "a row"
rule = "EP"
sizes = [784, 8, 10]
learning_rates = [0.1, 0.2]
beta = 0.5
free_steps = 5
nudged_steps = 3
epochs = 2
"""
CVF = GOOD.replace('"EP"', '"C-VF"') + "angle = 45\n"
PUBLISHED = """
source = "s"
trials = 3
margin = 0.28
[rows.A]
test_error = { mean = 1, std = 0.5 }
train_error = 0.25
confirmed = true
"""
ENERGY = GOOD + 'setting = "energy-based"\ndt = 0.1\n'


@pytest.fixture
def row_of(tmp_path):
    def read(text):
        path = tmp_path / "row.toml"
        path.write_text(text)
        return read_row(path)

    return read


def test_every_row_of_the_paper_is_there_and_valid():
    assert set(ALL_ROWS) <= set(row_names())
    for name in row_names():
        row = row_named(name)
        assert row.name == name
        assert (row.sizes[0], row.sizes[-1], row.batch) == (784, 10, 20)
        assert row.nudge == "outside" or name.startswith("P-conv-small")  # ours
        parameters = row.initial(0, torch.float32)
        assert row.rates(parameters).keys() == parameters.keys()


def test_a_learning_rate_belongs_to_the_layer_nearest_the_output_first():
    row = row_named("C-VF-2h")
    rates = row.rates(row.initial(0, torch.float32))
    assert rates["W_0_1"] == rates["W_1_0"] == rates["b_0"] == 0.00016
    assert rates["W_1_2"] == rates["W_2_1"] == rates["b_1"] == 0.0016
    assert rates["W_2_x"] == 0.009
    assert rates["b_2"] == 0.0, "the published code never trains this bias"


@pytest.mark.parametrize("depth", ["1h", "2h"])
def test_rows_of_the_other_vector_field_rules_differ_from_the_published_in_little(depth):
    published = row_named(f"C-VF-{depth}").as_json()
    for kind, rule in (("slope", "C-VF with slope"), ("corrected", "corrected C-VF")):
        row = row_named(f"{kind}-C-VF-{depth}").as_json()
        changed = {field for field, value in row.items() if published[field] != value}
        assert changed - {"learning_rates"} == {"name", "title", "rule"}
        assert row["rule"] == rule


def test_only_the_debugging_rows_are_damped():
    damped = {name for name in row_names() if row_named(name).procedure.damping < 1}
    assert damped == {"EP-1h-debug", "EP-2h-debug"}
    for name in damped:
        debugging, ep = row_named(name), row_named(name.removesuffix("-debug"))
        assert debugging.rule == "C-EP"
        assert debugging.learning_rates == ep.learning_rates


def test_a_file_of_the_users_own_is_a_row(tmp_path):
    path = tmp_path / "own.toml"
    path.write_text(CVF)
    row = row_named(str(path))
    assert row.angle == 45.0
    assert isinstance(row.angle, float)
    assert row.layers == "784-8-10"


def test_settings_become_networks(row_of):
    assert row_of(GOOD + 'nudge = "inside"\n').network == Prototypical(
        row_of(GOOD).network.activations, nudge="inside"
    )
    network = row_of(ENERGY + 'output_activation = "identity"\nclamp = true\n').network
    assert isinstance(network, EnergyBased)
    assert [f.name for f in network.activations] == ["identity", "sigmoid"]
    assert network.clamp


def test_the_same_seed_starts_every_rule_from_the_same_point():
    ep, cvf = (row_named(name).initial(7, torch.float64) for name in ("EP-1h", "C-VF-1h"))
    assert all(torch.equal(ep[name], cvf[name]) for name in ep)
    assert torch.equal(cvf["W_1_0"], cvf["W_0_1"].T)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            GOOD + "momentum = 1\n",
            "momentum: expected one of the fields activation, angle, .*, found another",
        ),
        (
            GOOD.replace("beta = 0.5", ""),
            "beta: expected a positive number from 1e-30 to 1e\\+30, found none",
        ),
        (GOOD.replace("0.5", '"0.5"'), "beta: expected a positive number .*, found '0.5'"),
        (
            GOOD.replace("epochs = 2", "epochs = 2.0"),
            "epochs: expected a whole number .*, found 2.0",
        ),
        (
            GOOD.replace("epochs = 2", "epochs = true"),
            "epochs: expected a whole number .*, found True",
        ),
        (GOOD + "centred = 1\n", "centred: expected true or false, found 1"),
        (GOOD.replace("[0.1, 0.2]", "0.1"), "learning_rates: expected a list .*, found 0.1"),
        (GOOD.replace("[0.1, 0.2]", "[0.1]"), "learning_rates: expected 2 of them, one per layer"),
        (GOOD.replace("0.2]", "-1.0]"), r"learning_rates: expected .* 0, or a positive .*-1.0\]"),
        (GOOD.replace("0.2]", "nan]"), r"learning_rates: expected .* found \[0.1, nan\]"),
        (GOOD.replace("[784, 8, 10]", "[784]"), "sizes: expected a list of 2 or more values"),
        (GOOD.replace("beta = 0.5", "beta = 0"), "beta: expected a positive number .*, found 0"),
        (
            GOOD.replace("beta = 0.5", "beta = inf"),
            "beta: expected a positive number .*, found inf",
        ),
        (
            GOOD.replace("free_steps = 5", "free_steps = 0"),
            "free_steps: expected a whole number from 1 to 1000000, found 0",
        ),
        (
            GOOD.replace('"EP"', '"EQ"'),
            "rule: expected one of EP, C-EP, C-VF, C-VF with slope, .*, found 'EQ'",
        ),
        (GOOD + 'activation = "relu"\n', "activation: expected one of .*, found 'relu'"),
        (GOOD + 'nudge = "beside"\n', "nudge: expected one of outside, inside, found 'beside'"),
        (GOOD + 'setting = "odd"\n', "setting: expected one of prototypical, energy-based"),
        (GOOD + "angle = 10\n", "angle: expected none: only C-VF has one, found 10.0"),
        (CVF.replace("45", "181"), "angle: expected a number from 0 to 180, found 181"),
        (CVF.replace("angle = 45", ""), "angle: expected degrees .*, found None"),
        (CVF + "centred = true\n", "centred: expected rule EP, found C-VF"),
        (GOOD + "damping = 0\n", "damping: expected a positive number from 1e-30 to 1, found 0"),
        (
            GOOD + "positive_probability = 2\n",
            "positive_probability: expected a number from 0 to 1, found 2",
        ),
        (GOOD + "dt = 0.1\n", "dt: expected none in the prototypical setting, found 0.1"),
        (
            ENERGY.replace("dt = 0.1", ""),
            "dt: expected a step, in the energy-based setting, found None",
        ),
        (ENERGY + 'nudge = "inside"\n', "nudge: expected outside when energy-based"),
        (ENERGY + 'drift_slope = "some"\n', "drift_slope: expected one of all, hidden, none"),
        ("rule = ", "expected TOML, found"),
        (GOOD.replace("0.5", "1e308"), "beta: expected a positive number .*, found 1e\\+308"),
        (GOOD.replace("0.5", "1e-320"), "beta: expected a positive number .*, found 1e-320"),
        (GOOD.replace("0.5", "9" * 400), r"beta: expected a positive number .*, found 9+\.\.\.9+$"),
        (GOOD.replace("0.5", "9" * 5000), r"expected TOML, found: Exceeds the limit"),
        (GOOD.replace("0.5", "0x" + "f" * 5000), "beta: expected .*, found a very large int"),
        (GOOD.replace("784, 8", "784, 1_000_000_000"), "sizes: expected a list .* 1 to 1000000"),
        (GOOD.replace("784, 8", "784, 999_999"), "sizes: expected at most 268435456 weights"),
        (GOOD + "batch = 999_999\n", "batch: expected at most 268435456 neurons in all"),
        (GOOD.replace("[0.1, 0.2]", "[]"), "learning_rates: expected a list of 1 or more values"),
        (GOOD.replace("[784, 8, 10]", "[]"), "sizes: expected a list of 2 or more values"),
        (GOOD.replace("mine", "../mine"), "name: expected a name of letters, digits .* '../mine'"),
        ("a = " + "[" * 9999 + "]" * 9999, "expected TOML, found: tables nested too deeply"),
    ],
)
def test_every_fault_of_a_row_names_file_and_field(row_of, tmp_path, text, message):
    with pytest.raises(SpecError, match=f"^{tmp_path / 'row.toml'}: {message}"):
        row_of(text)


def test_every_field_of_a_row_has_a_kind():
    assert kinds().keys() == {field.name for field in dataclasses.fields(Row)}


def test_a_missing_file_and_an_unknown_row_are_named(tmp_path):
    with pytest.raises(SpecError, match=r"none\.toml: expected a TOML file, found none"):
        row_named(str(tmp_path / "none.toml"))
    with pytest.raises(SpecError, match=r"row: expected one of .*EP-1h.*, found 'EP-3h'"):
        row_named("EP-3h")


def test_what_is_shown_as_published_is_marked_until_it_is_confirmed(tmp_path):
    published = read_published()
    assert set(published.rows) == set(ALL_ROWS)
    assert published.trials == 5
    assert set(published.elsewhere) == {"P-conv", "P-conv-BPTT"}
    every = [*published.rows.values(), *published.elsewhere.values()]
    assert not any(row.confirmed for row in every)
    edited = tmp_path / "published.toml"
    edited.write_text(PUBLISHED)
    row = read_published(edited).rows["A"]
    assert (row.test_mean, row.test_std, row.train, row.confirmed) == (1.0, 0.5, 0.25, True)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("trials = 3", "source: expected a text, found none"),
        ('source = "s"\ntrials = "5"', "trials: expected a whole number .*, found '5'"),
        (
            'source = "s"\ntrials = 5\nmargin = 0.28\n[rows.A]\ntrain_error = 1',
            r"rows\.A\.test_error: expected a table, found none",
        ),
        (
            PUBLISHED.replace("true", '"no"'),
            r"rows\.A\.confirmed: expected true or false, found 'no'",
        ),
    ],
)
def test_every_fault_of_the_published_numbers_is_named(tmp_path, text, message):
    path = tmp_path / "published.toml"
    path.write_text(text)
    with pytest.raises(FieldError, match=f"^{path}: {message}"):
        read_published(path)
