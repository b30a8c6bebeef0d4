"""``cep train``: a row, or one of one's own, wherever the package is installed."""

import json
import sys
from pathlib import Path

import pytest

from cep_core.cli import main
from tests.small_row import small_row

ROW = small_row(
    name="tiny", sizes=[784, 6, 10], beta=0.5, free_steps=5, nudged_steps=2, epochs=2, samples=60
)


@pytest.fixture
def row(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "tiny.toml"
    path.write_text(ROW)
    return str(path)


def test_lines_meanwhile_then_the_results(row, capsys):
    assert main(["train", row]) == 0
    said = capsys.readouterr().out.splitlines()
    assert said[0].startswith("tiny seed 0: epoch 1/2: test error")
    assert said[-1].startswith("tiny seed 0 after 2 of 2 epochs on")
    assert said[-1].endswith("(runs/tiny-seed-0/results.json)")
    assert main(["train", row]) == 0
    assert capsys.readouterr().out.splitlines() == said[-1:], "it is finished already"


def test_with_json_nothing_else_is_on_standard_output(row, capsys):
    assert main(["train", row, "--json", "--epochs", "1", "--seed", "3"]) == 0
    said = capsys.readouterr()
    answer = json.loads(said.out)
    assert answer == json.loads(Path("runs/tiny-seed-3/results.json").read_text())
    assert "epoch 1/1" in said.err
    assert main(["train", row, "--json", "--epochs", "1", "--seed", "0,1"]) == 0
    assert [a["seed"] for a in json.loads(capsys.readouterr().out)] == [0, 1]
    assert Path("runs/tiny/seed-1/results.json").exists()


def test_a_training_that_diverges_fails(row, capsys, monkeypatch):
    monkeypatch.setattr("cep_core.runs.epochs.first_not_finite", lambda state: "W_0_1")
    assert main(["train", row]) == 1
    assert "tiny seed 0 diverged in epoch 1: W_0_1 is not finite" in capsys.readouterr().out


def test_what_is_no_row_is_one_line(capsys):
    assert main(["train", "nothing", "--json"]) == 2
    said = capsys.readouterr()
    assert said.err.startswith("error: row: expected one of C-EP-1h")
    assert said.err.count("\n") == 1
    assert json.loads(said.out) == {"error": said.err.removeprefix("error: ").rstrip()}


@pytest.mark.parametrize(
    ("called", "program"),
    [("/somewhere/bin/cep", "cep"), ("/somewhere/cep_core/__main__.py", "python -m cep_core")],
)
def test_an_interrupted_training_says_how_to_go_on(called, program, row, capsys, monkeypatch):
    def interrupted(*arguments, **options):
        raise KeyboardInterrupt

    monkeypatch.setattr("cep_core.cli.train.train", interrupted)
    monkeypatch.setattr(sys, "argv", [called, "train", row, "--out", "the run"])
    assert main(["train", row, "--out", "the run"]) == 130
    where = "interrupted; every finished epoch is in the run. "
    again = f"Resume with: {program} train {row} --out 'the run'"
    assert capsys.readouterr().out.splitlines() == [where + again]
