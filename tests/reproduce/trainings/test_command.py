"""The two commands, run as a user would."""

import json

import pytest

from reproduce.command_line import main
from reproduce.figures.notebooks import NotebookError
from reproduce.stages import read_stage
from tests.reproduce.trainings.results import committed_in, results_of
from tests.small_row import SMALL_ROW


def trainings(tmp_path, *listed):
    results = committed_in(tmp_path / "results", *listed)
    out = tmp_path / "trainings"
    code = main(
        [
            "trainings",
            "--results",
            str(results),
            "--along",
            str(tmp_path / "none"),
            "--out",
            str(out),
        ]
    )
    return code, read_stage(out)


@pytest.fixture(autouse=True)
def _no_angles(monkeypatch):
    """Angles before training take seconds at full size and are tested elsewhere."""
    monkeypatch.setattr("reproduce.trainings.command.angle_before", lambda row, seed: 10.0 + seed)
    monkeypatch.setattr("reproduce.trainings.command.margin_before", lambda row, seed: 1.5)
    monkeypatch.setattr("reproduce.trainings.command.angles_before", lambda: iter(()))
    monkeypatch.setattr("reproduce.trainings.command.FIGURES", ())


def test_a_published_number_has_its_answer(tmp_path, capsys):
    code, stage = trainings(
        tmp_path,
        *(results_of("EP-1h", seed, [1.9 + 0.05 * seed]) for seed in range(5)),
        results_of("C-EP-1h", 0, [5.0], epochs=40),
        *(results_of("C-EP-1h", seed, [2.0 + 0.05 * seed], beta=0.4) for seed in range(3)),
    )
    assert code == 0
    rows = {row["row"]: row for row in stage.details["rows"]}
    assert rows["EP-1h"]["test_error"]["answer"] == "reproduced"
    assert rows["C-EP-1h"]["test_error"]["answer"] == "not run"
    assert rows["C-EP-1h"]["standing"] == "seed 0 at epoch 40 of 100"
    (other,) = stage.details["others"]
    assert other["name"] == "C-EP-1h, beta 0.4"
    assert other["equal_to_yardstick"]["answer"] == "reproduced"
    assert "EP-1h    reproduced: difference +0.00" in capsys.readouterr().out


def test_a_figure_that_cannot_be_drawn_loses_no_number(tmp_path, monkeypatch):
    def broken(*_):
        raise NotebookError("trainings.ipynb: cell 3: ValueError: no such colour")

    monkeypatch.setattr("reproduce.trainings.command.FIGURES", ("curves",))
    monkeypatch.setattr("reproduce.figures.notebooks.run_notebook", broken)
    code, stage = trainings(tmp_path, results_of("EP-1h", 0, [1.9]))
    assert code == 1
    checks = {check.name: check for check in stage.checks}
    assert checks["trainings/curves"].verdict == "fail"
    assert "no such colour" in checks["trainings/curves"].reason
    assert stage.details["figures"] == []
    assert stage.details["rows"][0]["standing"] == "1 whole"


def test_nothing_committed_is_not_run(tmp_path):
    code, stage = trainings(tmp_path)
    assert code == 0
    assert stage.verdict == "not run"
    assert {row["test_error"]["answer"] for row in stage.details["rows"]} == {"not run"}


def test_another_arithmetic_is_named(tmp_path):
    old = results_of("EP-1h", 0)
    old["identity"]["numerics"] = -1
    code, stage = trainings(tmp_path, old)
    assert code == 1
    assert "seed0.json" in stage.checks[0].reason


def test_along_a_run_and_nothing_twice(tmp_path, capsys, monkeypatch):
    spec = tmp_path / "small.toml"
    spec.write_text(SMALL_ROW)
    monkeypatch.setattr("cep_core.runs.row.ROWS", tmp_path)
    run, out = tmp_path / "runs" / "a", tmp_path / "along"
    assert main(["run", "small", "--seed", "4", "--out", str(run)]) == 0
    assert main(["along", str(tmp_path / "runs"), "--out", str(out)]) == 0
    said = capsys.readouterr().out
    assert "small seed 4, epoch 0: residual" in said
    assert "small seed 4, epoch 1: residual" in said
    path = out / "small" / "seed4.json"
    found = json.loads(path.read_text())
    assert [entry["epoch"] for entry in found["measured"]] == [0, 1]
    assert found["code"]["sources_sha256"]
    assert main(["along", str(tmp_path / "runs"), "--out", str(out)]) == 0
    assert "epoch" not in capsys.readouterr().out
    assert main(["along", str(out)]) == 0
    assert "no runs below" in capsys.readouterr().out
