"""Runs: resumed bit for bit, finished once, never another's, never half-written."""

import json
import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from cep_core.runs import epochs as loop
from cep_core.runs.epochs import DivergedError
from cep_core.runs.files import RunError
from cep_core.runs.train import Request, train
from cep_core.training.checkpoints import latest, path_of
from reproduce.command_line import main

CHECKOUT = Path(__file__).parents[3]


def end_of(folder):
    """Epoch and parameters of a run's newest checkpoint."""
    run = json.loads((folder / "run.json").read_text())["hash"]
    checkpoint = latest(folder, run=run, warn=pytest.fail)
    return checkpoint.epoch, checkpoint.parameters


def same_end(a, b):
    (epoch_a, theirs), (epoch_b, ours) = end_of(a), end_of(b)
    assert epoch_a == epoch_b
    assert theirs.keys() == ours.keys()
    assert all(torch.equal(theirs[name], ours[name]) for name in theirs)


def without_times(results):
    return {key: value for key, value in results.items() if key != "seconds"}


@pytest.fixture
def whole(tiny_row, tiny_data, tmp_path):
    """Folder and results of a run of three epochs that nothing disturbed."""
    folder = tmp_path / "whole"
    return folder, train(Request(tiny_row, 5), tiny_data, folder)


def test_a_run_ends_with_its_errors_and_a_marker(whole, tiny_row):
    folder, results = whole
    assert results == json.loads((folder / "results.json").read_text())
    assert results["epochs"] == results["epochs_of_paper"] == tiny_row.epochs
    for kind in ("test_error", "train_error", "seconds"):
        assert len(results[kind]) == tiny_row.epochs
    assert (folder / "DONE").read_text().startswith(f"run {results['hash']}\n")
    assert sorted(p.name for p in folder.iterdir()) == [
        "DONE",
        "checkpoint-0000.safetensors",
        "checkpoint-0001.safetensors",
        "checkpoint-0002.safetensors",
        "checkpoint-0003.safetensors",
        "results.json",
        "run.json",
        "run.lock",
    ]


def test_a_finished_run_answers_without_training(whole, tiny_row, tiny_data, monkeypatch):
    folder, results = whole
    times = {path: path.stat().st_mtime_ns for path in folder.iterdir()}
    monkeypatch.setattr(loop, "train_epoch", lambda *_, **__: pytest.fail("trained again"))
    assert train(Request(tiny_row, 5), tiny_data, folder) == results
    assert train(Request(tiny_row, 5), tiny_data, folder, epochs=1) == results
    assert {path: path.stat().st_mtime_ns for path in folder.iterdir()} == times


@pytest.mark.parametrize("first", [1, 2])
def test_a_longer_run_extends_a_shorter_one_bit_for_bit(
    whole, tiny_row, tiny_data, tmp_path, first
):
    folder, results = whole
    other = tmp_path / "extended"
    train(Request(tiny_row, 5), tiny_data, other, epochs=first)
    extended = train(Request(tiny_row, 5), tiny_data, other)
    assert without_times(extended) == without_times(results)
    same_end(folder, other)


@pytest.mark.parametrize("engine", ["fast", "reference"])
@pytest.mark.parametrize("at", [3, 8, 19])
def test_an_interrupted_run_resumes_bit_for_bit(
    tiny_row, tiny_data, tmp_path, monkeypatch, engine, at
):
    request = Request(tiny_row, 5, engine=engine)
    undisturbed = train(request, tiny_data, tmp_path / "whole")
    folder, calls = tmp_path / "cut", 0

    def cut(*arguments, **named):
        def after_batch(_):
            nonlocal calls
            calls += 1
            if calls == at:
                raise KeyboardInterrupt

        return original(*arguments, **named | {"progress": after_batch})

    original = loop.train_epoch
    monkeypatch.setattr(loop, "train_epoch", cut)
    with pytest.raises(KeyboardInterrupt):
        train(request, tiny_data, folder)
    assert not (folder / "DONE").exists()
    monkeypatch.setattr(loop, "train_epoch", original)
    resumed = train(request, tiny_data, folder)
    assert without_times(resumed) == without_times(undisturbed)
    same_end(folder, tmp_path / "whole")


def test_a_truncated_checkpoint_is_named_and_the_previous_one_used(
    whole, tiny_row, tiny_data, tmp_path, capsys
):
    folder, results = whole
    other = tmp_path / "damaged"
    train(Request(tiny_row, 5), tiny_data, other, epochs=2)
    newest = path_of(other, 2)
    newest.write_bytes(newest.read_bytes()[:-100])
    capsys.readouterr()
    again = train(Request(tiny_row, 5), tiny_data, other)
    said = capsys.readouterr().out
    assert f"checkpoint not used: {newest}: expected a whole safetensors file" in said
    assert "resumed after epoch 1" in said
    assert without_times(again) == without_times(results)
    same_end(folder, other)


def test_a_checkpoint_of_another_run_is_not_used(whole, tiny_row, tiny_data, tmp_path, capsys):
    folder, _ = whole
    other = tmp_path / "swapped"
    train(Request(tiny_row, 6), tiny_data, other, epochs=2)
    path_of(other, 2).write_bytes(path_of(folder, 2).read_bytes())
    alone = train(Request(tiny_row, 6), tiny_data, tmp_path / "alone")
    again = train(Request(tiny_row, 6), tiny_data, other)
    assert "(swapped)" in capsys.readouterr().out
    assert without_times(again) == without_times(alone)


def test_results_that_were_altered_are_made_again(whole, tiny_row, tiny_data):
    folder, results = whole
    path = folder / "results.json"
    path.write_text(path.read_text().replace('"epochs": 3', '"epochs": 9'))
    assert train(Request(tiny_row, 5), tiny_data, folder) == results
    assert json.loads(path.read_text()) == results


@pytest.mark.parametrize(
    ("changes", "asked", "text"),
    [
        ({"beta": 0.3}, {}, "beta is 0.2 there, 0.3 here"),
        ({"nudge": "inside"}, {}, "nudge is 'outside' there, 'inside' here"),
        ({"angle": 90.0}, {}, "angle is 22.5 there, 90.0 here"),
        ({}, {"seed": 6}, "seed is 5 there, 6 here"),
        ({}, {"dtype": "float64"}, "dtype is 'float32' there, 'float64' here"),
        ({}, {"engine": "reference"}, "engine is 'fast' there, 'reference' here"),
    ],
)
def test_another_runs_directory_is_refused(whole, tiny_row, tiny_data, changes, asked, text):
    folder, results = whole
    request = Request(tiny_row.changed(**changes), **{"seed": 5} | asked)
    with pytest.raises(RunError, match=f"{folder} belongs to another run: {re.escape(text)}\\."):
        train(request, tiny_data, folder)
    assert json.loads((folder / "results.json").read_text()) == results


def test_other_data_are_refused(whole, tiny_row, tiny_data):
    folder, _ = whole
    tiny_data.sha256["random"] = "12"
    with pytest.raises(RunError, match=r"data is .*11.* there, .*12.* here"):
        train(Request(tiny_row, 5), tiny_data, folder)


def test_title_and_epochs_do_not_make_another_run(whole, tiny_row, tiny_data):
    folder, results = whole
    request = Request(tiny_row.changed(title="renamed", epochs=2), 5)
    assert train(request, tiny_data, folder) == results


def test_a_directory_of_other_files_is_left_alone(tiny_row, tiny_data, tmp_path):
    (tmp_path / "notes.txt").write_text("mine")
    with pytest.raises(RunError, match="expected an empty directory or a run, found other files"):
        train(Request(tiny_row, 5), tiny_data, tmp_path)
    assert [p.name for p in tmp_path.iterdir()] == ["notes.txt"]
    with pytest.raises(RunError, match=r"notes\.txt: expected a directory, found a file"):
        train(Request(tiny_row, 5), tiny_data, tmp_path / "notes.txt")


@pytest.mark.parametrize(
    ("content", "text"),
    [
        ("{", "expected JSON, found: "),
        ("[]", "contents: expected a table, found "),
        ('{"identity": 3}', "identity: expected a table, found 3"),
        ('{"identity": {}}', "identity.spec: expected a table, found none"),
        ('{"identity": {"spec": {}}, "hash": [1]}', "hash: expected .*, found .1."),
    ],
)
def test_a_broken_run_json_is_named(whole, tiny_row, tiny_data, content, text):
    folder, _ = whole
    (folder / "run.json").write_text(content)
    with pytest.raises(RunError, match=rf"run\.json: {text}"):
        train(Request(tiny_row, 5), tiny_data, folder)


def test_temporary_files_of_a_killed_process_are_removed(whole, tiny_row, tiny_data):
    folder, _ = whole
    leftovers = [folder / ".checkpoint-0003-x1y2_3z4.safetensors", folder / ".tmpM58tqC"]
    for leftover in leftovers:
        leftover.write_bytes(b"half")
    mine = folder / ".checkpoint-notes.txt"
    mine.write_text("mine")
    train(Request(tiny_row, 5), tiny_data, folder, epochs=4)
    assert not any(leftover.exists() for leftover in leftovers)
    assert mine.exists()


def test_a_process_killed_while_claiming_its_directory_leaves_it_usable(
    tiny_row, tiny_data, tmp_path
):
    (tmp_path / ".run-x1y2_3z4.json").write_text("half")
    assert train(Request(tiny_row, 5), tiny_data, tmp_path, epochs=1)["epochs"] == 1
    assert not (tmp_path / ".run-x1y2_3z4.json").exists()


def test_divergence_is_reported_and_sound_epochs_kept(tiny_row, tiny_data, tmp_path, monkeypatch):
    request, folder = Request(tiny_row, 5), tmp_path / "run"
    train(request, tiny_data, folder, epochs=1)
    monkeypatch.setattr(loop, "first_not_finite", lambda _: "W_0_1")
    with pytest.raises(DivergedError, match="tiny seed 5 diverged in epoch 2: W_0_1 is not finite"):
        train(request, tiny_data, folder)
    assert end_of(folder)[0] == 1
    results = json.loads((folder / "results.json").read_text())
    assert results["diverged"] == {"epoch": 2, "parameter": "W_0_1"}
    assert results["epochs"] == 1
    monkeypatch.undo()
    assert train(request, tiny_data, folder)["diverged"] is None


def test_huge_learning_rates_are_reported_as_divergence(tiny_row, tiny_data, tmp_path):
    row = tiny_row.changed(learning_rates=(1e30, 1e30), activation="identity")
    with pytest.raises(DivergedError, match=r"diverged in epoch 1: .* is not finite"):
        train(Request(row, 0), tiny_data, tmp_path / "run")


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"sizes": (100, 12, 10)}, "tiny: sizes: expected 784 inputs, found 100"),
        ({"sizes": (784, 12, 9)}, "tiny: sizes: expected 10 outputs, found 9"),
    ],
)
def test_row_and_data_must_fit(tiny_row, tiny_data, tmp_path, changes, text):
    with pytest.raises(RunError, match=text):
        train(Request(tiny_row.changed(**changes), 0), tiny_data, tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_settings_outside_the_fast_engines_reach_run_on_the_definition(
    tiny_row, tiny_data, tmp_path, capsys
):
    row = tiny_row.changed(setting="energy-based", dt=0.1)
    results = train(Request(row, 0), tiny_data, tmp_path / "run", epochs=1)
    assert results["engine"] == "reference"
    assert "the definition trains it" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (["EP-9h"], "error: row: expected one of"),
        (["EP-1h", "--angle", "10"], "error: angle: expected none"),
        (["C-VF-1h", "--angle", "200"], "error: angle: expected a number from 0 to 180"),
        (["EP-1h", "--epochs", "0"], "error: epochs: expected a positive integer, found 0"),
        (["EP-1h", "--seed", "-1"], "error: seed: expected an integer from 0"),
        (
            ["EP-1h", "--data", "nowhere"],
            "error: nowhere: expected mnist5k, mnist, fashion",
        ),
    ],
)
def test_bad_input_is_one_line_and_exit_code_2(tmp_path, capsys, arguments, text):
    code = main(["run", "--seed", "0", "--out", str(tmp_path / "run"), *arguments])
    said = capsys.readouterr().err
    assert code == 2
    assert said.startswith(text)
    assert said.count("\n") == 1
    assert not (tmp_path / "run").exists()


COMMON = ("--seed", "1", "--epochs", "4")


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory):
    """A row on the embedded digits, and a run of it."""
    folder = tmp_path_factory.mktemp("undisturbed")
    text = (CHECKOUT / "cep_core/runs/table/C-VF-1h.toml").read_text()
    row = folder / "row.toml"
    row.write_text(text.replace("512", "64"))
    assert main(["run", str(row), "--out", str(folder / "run"), *COMMON]) == 0
    return row, folder / "run"


def begin(row, folder):
    return subprocess.Popen(
        [sys.executable, "-m", "reproduce", "run", row, "--out", folder, *COMMON],
        cwd=CHECKOUT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ | {"OMP_NUM_THREADS": "1"},
        # Ctrl-C reaches the process even if whoever runs the tests ignores it.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # noqa: PLW1509
    )


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL], ids=str)
def test_a_process_stopped_at_any_moment_resumes_bit_for_bit(undisturbed, tmp_path, how):
    row, whole = undisturbed
    cut = tmp_path / "cut"
    with begin(row, cut) as process:
        for line in process.stdout:
            if "epoch 1/4" in line:
                process.send_signal(how)
                break
        said, errors = process.communicate()
    assert not (cut / "DONE").exists()
    assert "Traceback" not in errors
    if how is signal.SIGKILL:
        assert process.returncode == -signal.SIGKILL
    else:
        assert process.returncode == 130
        assert "Resume with: python -m reproduce run" in said
    assert main(["run", str(row), "--out", str(cut), *COMMON]) == 0
    same_end(whole, cut)
