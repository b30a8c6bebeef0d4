"""Results: of the right shape or named, and copied small to be committed."""

import hashlib
import json
import re

import pytest

from cep_core.runs.directory import essence
from cep_core.runs.files import RunError, read_results
from cep_core.runs.row import row_named
from cep_core.runs.train import Request, train
from reproduce.command_line import main
from reproduce.runs.results import collect, committed, name_of


@pytest.fixture
def finished(tiny_row, tiny_data, tmp_path):
    """Folder and results of a run of one epoch."""
    folder = tmp_path / "runs" / "deep" / "run"
    return folder, train(Request(tiny_row, 5), tiny_data, folder, epochs=1)


SHAPES = {
    "seed: expected a whole number from 0 to 9223372036854775807, found none": lambda r: r.pop(
        "seed"
    ),
    "epochs: expected a whole number .*, found True": lambda r: r.update(epochs=True),
    "test_error: expected a list of 1 values, each a number .*, found 'low'": lambda r: r.update(
        test_error="low"
    ),
    r"test_error: expected a list of 1 values, .*, found \[1.0, 2.0\]": lambda r: r.update(
        test_error=[1.0, 2.0]
    ),
    r"train_error: expected a list of .*, found \['x'\]": lambda r: r.update(train_error=["x"]),
    "expected JSON, found: NaN, which is not JSON": lambda r: r.update(seconds=[float("nan")]),
    "data.name: expected a text, found none": lambda r: r.update(data={}),
    "identity.spec: expected a table, found none": lambda r: r.update(identity={}),
}


@pytest.mark.parametrize("text", SHAPES)
def test_results_of_a_wrong_shape_are_named(finished, text):
    folder, results = finished
    SHAPES[text](results)
    path = folder / "results.json"
    path.write_text(json.dumps(results))
    with pytest.raises(RunError, match=f"^{path}: {text}"):
        read_results(path)


@pytest.mark.parametrize("content", ["[1]", "{", "[" * 100_000, '"\\ud800"', "7"])
def test_what_is_no_results_at_all_is_named(tmp_path, content):
    path = tmp_path / "results.json"
    path.write_text(content)
    with pytest.raises(RunError, match=f"^{path}: (contents: )?expected "):
        read_results(path)


def test_a_marker_that_vouches_for_another_shape_does_not_help(finished, tiny_row, tiny_data):
    folder, _ = finished
    (folder / "results.json").write_text("{}")
    run = json.loads((folder / "run.json").read_text())["hash"]
    digest = hashlib.sha256(b"{}").hexdigest()
    (folder / "DONE").write_text(f"run {run}\nresults {digest}\n")
    with pytest.raises(RunError, match=r"results\.json: row: expected a text, found none"):
        train(Request(tiny_row, 5), tiny_data, folder, epochs=1)


def test_a_copy_holds_everything_and_grows_with_the_run(finished, tiny_row, tiny_data, tmp_path):
    folder, results = finished
    into = tmp_path / "committed"
    ((path, _),) = collect(tmp_path / "runs", into)
    assert path == into / "tiny" / f"{results['hash'][:12]}-seed5.json"
    assert json.loads(path.read_text()) == results
    longer = train(Request(tiny_row, 5), tiny_data, folder, epochs=2)
    collect(tmp_path / "runs", into)
    assert committed(into) == {path: longer}
    train(Request(tiny_row, 5), tiny_data, tmp_path / "runs" / "again", epochs=1)
    collect(tmp_path / "runs", into)
    assert committed(into) == {path: longer}, "a shorter run replaces nothing"


@pytest.mark.parametrize(
    ("changes", "name"),
    [
        ({}, "C-VF-1h/seed3.json"),
        ({"angle": 45.0}, "C-VF-1h/angle-45.0-seed3.json"),
        ({"nudge": "inside", "beta": 0.4}, "C-VF-1h/beta-0.4-nudge-inside-seed3.json"),
    ],
)
def test_a_copy_is_named_by_what_differs_from_its_row(changes, name):
    row = row_named("C-VF-1h").changed(**changes)
    assert str(name_of(row.name, 3, essence({"spec": row.as_json()}))) == name


def test_two_runs_for_one_copy_are_named(finished, tiny_data, tmp_path):
    folder, results = finished
    path = tmp_path / "committed" / "tiny" / f"{results['hash'][:12]}-seed5.json"
    path.parent.mkdir(parents=True)
    results["identity"]["dtype"] = "float64"
    path.write_text(json.dumps(results))
    with pytest.raises(RunError, match=r"results\.json: expected the run of .*, found another"):
        collect(folder.parent, tmp_path / "committed")


def test_the_command_says_how_far_each_run_has_come(finished, tmp_path, capsys):
    capsys.readouterr()
    assert main(["collect", str(tmp_path / "runs"), "--out", str(tmp_path / "to")]) == 0
    assert re.search(r"seed5\.json: 1 of 3 epochs on random", capsys.readouterr().out)
    assert main(["collect", str(tmp_path / "none"), "--out", str(tmp_path / "to")]) == 0
    assert "no results of runs below" in capsys.readouterr().out
