"""The yardstick learns what the definition learns, and the floor counts what the engine does."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from benchmarks import checker, convolutions
from benchmarks.clock import Spread, Work, interleaved, ratios
from benchmarks.command import rows_table
from benchmarks.operations import largest_product, per_mini_batch, product
from benchmarks.rows import CORRECTED, NAMES
from benchmarks.scaling import variants
from benchmarks.straightforward import Digits, Straightforward, shuffled
from cep_core.check.verdicts import Verdict
from cep_core.data.mnist import embedded
from cep_core.fast import FastEngine
from cep_core.learning import learn_batch, one_hot
from cep_core.runs.row import row_named
from tests.cases import factories

CHECKOUT = Path(__file__).parents[2]


def small(name):
    row = row_named(name)
    hidden = (9, 7)[: len(row.sizes) - 2]
    return row.changed(sizes=(12, *hidden, 4), batch=6)


@pytest.mark.parametrize("name", NAMES)
def test_the_straightforward_way_is_the_same_algorithm(name):
    row = small(name)
    parameters = row.initial(0, torch.float64)
    rates = row.rates(parameters)
    learner = Straightforward(
        row.rule,
        parameters,
        row.learning_rates,
        free_steps=row.free_steps,
        nudged_steps=row.nudged_steps,
    )
    generator = torch.Generator().manual_seed(1)
    for sign in (1, -1, 1):
        x = torch.rand(6, 12, generator=generator, dtype=torch.float64)
        y = one_hot(torch.randint(4, (6,), generator=generator), 4, torch.float64)
        learner.learn(x, y, sign * row.beta)
        parameters = learn_batch(
            row.network, row.procedure, x, y, parameters, rates, sign=sign
        ).parameters
    above = [*range(1, learner.layers), "x"]
    for n, m in enumerate(above):
        assert float((learner.forward[n] - parameters[f"W_{n}_{m}"]).abs().max()) < 1e-13
        assert float((learner.biases[n] - parameters[f"b_{n}"]).abs().max()) < 1e-13
    for n, backward in enumerate(learner.backward):
        assert float((backward - parameters[f"W_{n + 1}_{n}"]).abs().max()) < 1e-13


def operations_in_engine(row):
    """Operations of the matrix products in the engine's program of one mini-batch."""
    parameters = row.initial(0, torch.float32)
    engine = FastEngine(row.network, row.procedure, parameters, row.rates(parameters))
    engine.learn(torch.rand(row.batch, row.sizes[0]), torch.rand(row.batch, row.sizes[-1]))
    program = engine._batched._prepared[row.batch, 1].__self__
    total = 0
    for operation in program._operations:
        if operation.func in {torch.addmm, torch.bmm}:
            left, right = operation.args[-2:]
            total += product(left.shape[-2], left.shape[-1], right.shape[-1])
    return total


@pytest.mark.parametrize("name", [*NAMES, *CORRECTED])
def test_counted_operations_are_those_of_the_engine(name):
    row = row_named(name)
    counted, done = per_mini_batch(row), operations_in_engine(row)
    assert counted == pytest.approx(done, rel=0.02)


def test_operations_of_a_small_row_by_hand():
    row = row_named("EP-1h").changed(sizes=(3, 2, 1), batch=5, free_steps=4, nudged_steps=1)
    per_step = 2 * (2 * 5 * 2 * 1)
    at_ends = 2 * (2 * 5 * 3 * 2) + 2 * (2 * 5 * 2 * 1)
    assert per_mini_batch(row) == 5 * per_step + at_ends


def test_largest_product():
    assert largest_product(row_named("EP-1h")) == (20, 784, 512)
    assert largest_product(row_named("C-VF-2h")) == (40, 512, 512)


def test_spread_and_ratios_are_turn_by_turn():
    assert Spread.of([3.0, 1.0, 2.0]) == Spread(2.0, 1.0, 3.0)
    assert ratios([2.0, 9.0, 4.0], [1.0, 3.0, 4.0]) == Spread(2.0, 1.0, 3.0)


def test_works_take_turns():
    done = []
    works = {name: Work(lambda name=name: done.append(name), 2) for name in "ab"}
    seconds = interleaved(works, 2)
    assert "".join(done) == "ab" + "aabb" * 2
    assert all(len(values) == 2 and min(values) >= 0 for values in seconds.values())


def test_the_loader_gives_scaled_pixels_and_targets():
    images = torch.arange(12, dtype=torch.uint8).reshape(4, 3)
    x, y = next(shuffled(Digits(images, torch.tensor([0, 1, 2, 1]), 3), 4))
    assert sorted((x * 255).round().flatten().tolist()) == list(range(12))
    assert y.sum(0).tolist() == [1.0, 2.0, 1.0]


@pytest.mark.parametrize("quick", [True, False])
def test_variants_change_one_setting_each(quick):
    for varied, value, row in variants(quick=quick):
        found = {
            "batch size": row.batch,
            "width": row.sizes[1],
            "hidden layers": len(row.sizes) - 2,
        }
        assert found[varied] == value
        same = {"batch size": 20, "width": 512, "hidden layers": 2}
        assert {k: v for k, v in found.items() if k != varied} == {
            k: v for k, v in same.items() if k != varied
        }


def test_table_has_a_line_per_row():
    spread = {"median": 1.5, "least": 1.0, "most": 2.0}
    measured = {"row": "EP-1h", "layers": "784-512-10", "extrapolated_hours": 0.25} | dict.fromkeys(
        ("straightforward_ms", "engine_ms", "floor_ms", "times_faster", "times_floor"), spread
    )
    head, line, *rest = rows_table([measured]).splitlines()
    assert rest == []
    assert dict(zip(head.split(","), line.split(","), strict=True)) == {
        "row": "EP-1h",
        "layers": "784-512-10",
        "straightforward_ms": "1.500",
        "engine_ms": "1.500",
        "floor_ms": "1.500",
        "times_faster": "1.50",
        "times_faster_least": "1.00",
        "times_faster_most": "2.00",
        "times_floor": "1.50",
        "times_floor_least": "1.00",
        "times_floor_most": "2.00",
        "extrapolated_hours": "0.25",
    }


def test_the_command_leaves_a_stage(tmp_path):
    out = tmp_path / "stage"
    rows = ["EP-1h", "C-VF-1h"]
    command = [sys.executable, "-m", "benchmarks", "--quick", "--out", str(out), "--rows", *rows]
    done = subprocess.run(command, cwd=CHECKOUT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    stage = json.loads((out / "stage.json").read_text())
    assert (stage["stage"], stage["verdict"]) == ("benchmarks", "pass")
    assert [row["row"] for row in stage["details"]["rows"]] == rows
    assert [check["verdict"] for check in stage["checks"]] == ["pass"] * len(rows)
    assert {p.name for p in out.iterdir()} == {
        "stage.json",
        "benchmarks.json",
        "rows.csv",
        "rows.png",
        "rows.svg",
    }


def test_the_checker_is_held_against_its_calls_of_the_network(monkeypatch):
    few = {"betas": (1e-2, 1e-3), "steps": 3}
    models = {"a": lambda: factories.right() | few, "b": lambda: factories.wrong() | few}
    monkeypatch.setattr(checker, "MODELS", models)
    found, check = checker.measure("a", turns=2)
    assert check.verdict is Verdict.PASS
    assert found["calls"]["transition"] > found["free_steps"] > 50
    assert found["calls"]["primitive gradient"] > 2 * 3 * len(few["betas"])
    assert found["times_floor"]["least"] > 0
    _, check = checker.measure("b", turns=1)
    assert check.verdict is Verdict.FAIL


def test_a_convolutional_row_is_timed_beside_its_convolutions():
    data = embedded()
    found = convolutions.measure(data, "P-conv-small", turns=1)
    assert found["layers"] == "784-16c5-32c5-10"
    assert found["engine_ms"]["median"] > 0
    assert set(found["floors_ms"]) == {"channels first", "channels last"}
    floors = {name: floor["median"] for name, floor in found["floors_ms"].items()}
    assert floors[found["layout"]] == min(floors.values())
    expected = found["engine_ms"]["median"] / floors[found["layout"]]
    assert found["times_floor"]["median"] == pytest.approx(expected)
    row = row_named("P-conv-small")
    hours = found["engine_ms"]["median"] * (row.samples / row.batch) * row.epochs / 3.6e6
    assert found["extrapolated_hours"] == pytest.approx(hours)


def test_a_convolutional_row_whose_weights_differ_fails(monkeypatch):
    data = embedded()
    assert convolutions.same_result(data, "P-conv-small").verdict is Verdict.PASS
    monkeypatch.setattr(convolutions, "TOLERANCE", 0.0)
    assert convolutions.same_result(data, "P-conv-small").verdict is Verdict.FAIL
