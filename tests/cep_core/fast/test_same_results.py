"""The engine against the one definition, and against the authors' numbers."""

import dataclasses
import itertools

import pytest
import torch

from cep_core.data.mnist import embedded
from cep_core.training.epochs import as_input

RULES = ("EP", "C-EP", "C-VF", "corrected C-VF")


def agree(case, difference):
    ours, parameters = case.by_engine()
    theirs, expected = case.by_definition()
    tolerance = 1e-10 if case.procedure.rule.vector_field else 1e-12
    assert difference(parameters, expected) < tolerance
    for a, b in zip(ours, theirs, strict=True):
        assert float((a - b).abs().max()) < 1e-12
    assert difference(case.parameters, expected) > 1e-6


@pytest.mark.parametrize("nudge", ["outside", "inside"])
def test_the_rows_of_the_table_agree_after_ten_mini_batches(row, nudge, row_case, difference):
    agree(row_case(row, nudge=nudge), difference)


@pytest.fixture(scope="module")
def digits():
    return as_input(embedded().train_images[:200], torch.float64)


@pytest.mark.parametrize(
    "row", [f"{rule}-{n}h" for rule in ("EP", "C-EP", "C-VF", "corrected-C-VF") for n in (1, 2)]
)
def test_the_rows_agree_at_full_width_on_digits(row, row_case, digits, difference):
    """On noise as inputs, one rounding of the weights grows to 2e-10 in the definition itself."""
    hidden, count = ((512, 512), 4) if row.endswith("2h") else ((512,), 10)
    made = row_case(row, hidden=hidden, inputs=784, outputs=10, batch=20)
    images = digits.split(20)
    made.batches = [
        (x[: len(y)], y, sign) for x, (_, y, sign) in zip(images, made.batches, strict=True)
    ][-count:]
    agree(made, difference)


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("nudge", ["outside", "inside"])
@pytest.mark.parametrize("hidden", [0, 1, 2, 3, 4])
def test_any_depth_and_either_parity_of_both_counts_agree(rule, nudge, hidden, case, difference):
    rates = [0.02 * (n + 1) for n in range(hidden + 1)]
    for free_steps, nudged_steps in itertools.product((1, 2, 9, 10), (1, 2, 5, 6)):
        made = case(rule, rates, 0.3, free_steps, nudged_steps, nudge=nudge, count=4)
        agree(made, difference)


@pytest.mark.parametrize("activation", ["tanh", "hard-sigmoid", "identity"])
@pytest.mark.parametrize("rule", RULES)
def test_other_activations_agree(activation, rule, case, difference):
    agree(case(rule, [1e-3, 2e-3, 3e-3], 0.2, 6, 4, activation=activation, count=4), difference)


def test_activations_may_differ_by_layer(case, difference):
    made = case("C-EP", [0.01, 0.02, 0.03], 0.2, 12, 6, nudge="inside")
    kinds = [case("EP", [0.1], 0.2, 1, 1, activation=a).network for a in ("identity", "tanh")]
    activations = (*(k.activations[0] for k in kinds), made.network.activations[0])
    made.network = dataclasses.replace(made.network, activations=activations)
    agree(made, difference)


def test_the_debugging_procedure_agrees(case, difference):
    agree(case("C-EP", [0.01, 0.02, 0.03], 0.2, 20, 7, damping=1e-5), difference)


@pytest.mark.parametrize("nudge", ["outside", "inside"])
@pytest.mark.parametrize("steps", [(11, 5), (12, 6)])
def test_the_centred_estimator_agrees(nudge, steps, case, difference):
    agree(case("EP", [0.01, 0.02, 0.03], 0.2, *steps, nudge=nudge, centred=True), difference)


def test_rates_may_differ_between_the_directions_of_an_edge(case, difference):
    made = case("C-VF", [0.01, 0.02], 0.2, 11, 5)
    made.rates = {name: 0.01 * (i + 1) for i, name in enumerate(made.rates)}
    agree(made, difference)


def test_prediction_is_the_free_phase_in_parts_of_any_size(row, row_case):
    made = row_case(row)
    x = torch.cat([x for x, _, _ in made.batches])
    made.batches = [(x, torch.zeros(len(x), 4, dtype=x.dtype), 1)]
    (expected,), _ = made.by_definition()
    engine = made.engine()
    assert float((engine.predict(x) - expected).abs().max()) < 1e-13
    in_parts = engine._batched.predict(x[None], rows=7)[0]
    assert float((in_parts - expected).abs().max()) < 1e-13
