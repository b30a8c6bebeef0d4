"""What a run records of every epoch, and of what trained it."""

import json
import re
from dataclasses import dataclass

import pytest
import torch

from cep_core.phases import free_phase
from cep_core.rules import Rule
from cep_core.runs import record
from cep_core.runs.row import LEARNED_BY
from cep_core.runs.train import Request, train
from cep_core.training.checkpoints import Checkpoint, path_of, read, save
from cep_core.training.epochs import as_input


@pytest.fixture
def run(tiny_row, tiny_data, tmp_path):
    """Folder and results of a run of two epochs."""
    folder = tmp_path / "run"
    return folder, train(Request(tiny_row, 5), tiny_data, folder, epochs=2)


def test_residual_and_norms_are_those_of_the_checkpoints(run, tiny_row, tiny_data):
    folder, results = run
    for epoch in (1, 2):
        parameters = read(path_of(folder, epoch), run=results["hash"]).parameters
        x = as_input(tiny_data.test_images, torch.float32)
        steps = tiny_row.free_steps
        last, before = (
            free_phase(tiny_row.network, x, parameters, steps=n).state for n in (steps, steps - 1)
        )
        change = max(float((a - b).abs().max()) for a, b in zip(last, before, strict=True))
        assert results["residual"][epoch - 1] == pytest.approx(change, rel=1e-5)
        assert results["norms"].keys() == parameters.keys()
        for name, value in parameters.items():
            expected = float((value.double() ** 2).sum() ** 0.5)
            assert results["norms"][name][epoch - 1] == pytest.approx(expected, rel=1e-5)


def test_epoch_0_is_the_initial_parameters(run, tiny_row):
    folder, results = run
    initial = tiny_row.initial(5, torch.float32)
    found = read(path_of(folder, 0), run=results["hash"]).parameters
    assert all(torch.equal(value, found[name]) for name, value in initial.items())


def test_the_first_and_every_fifth_checkpoint_stay(tiny_row, tiny_data, tmp_path):
    train(Request(tiny_row, 5), tiny_data, tmp_path, epochs=13)
    epochs = sorted(int(p.stem[-4:]) for p in tmp_path.glob("checkpoint-*"))
    assert epochs == [0, 1, 2, 5, 10, 12, 13]


def test_results_tell_how_far_an_unfinished_run_has_come(
    tiny_row, tiny_data, tmp_path, monkeypatch
):
    monkeypatch.setattr(record.Recorder, "finish", lambda self: json.loads("{}"))
    train(Request(tiny_row, 5), tiny_data, tmp_path / "run", epochs=2)
    results = json.loads((tmp_path / "run" / "results.json").read_text())
    assert (results["epochs"], results["epochs_of_paper"]) == (2, tiny_row.epochs)
    assert not (tmp_path / "run" / "DONE").exists()


def test_each_stretch_of_epochs_says_which_code_trained_it(
    tiny_row, tiny_data, tmp_path, monkeypatch
):
    for epochs, commit in ((1, "a"), (2, "a"), (3, "b")):
        code = {"commit": commit, "tree_is_clean": True, "sources_sha256": "0"}
        monkeypatch.setattr(record, "provenance_of_code", code.copy)
        results = train(Request(tiny_row, 5), tiny_data, tmp_path, epochs=epochs)
    found = [(s["first_epoch"], s["code"]["commit"]) for s in results["provenance"]]
    assert found == [(1, "a"), (3, "b")]
    assert all(s["processor"] and s["software"]["torch"] for s in results["provenance"])


def altered(change):
    """Checkpoint of epoch 2 with a sound digest, but changed by ``change(parameters, record)``."""

    def write(folder, run):
        found = read(path_of(folder, 2), run=run)
        history = json.loads(json.dumps(found.record))
        parameters = dict(found.parameters)
        change(parameters, history)
        save(folder, Checkpoint(2, parameters, history), run=run, is_kept=lambda _: True)

    return write


UNFIT = {
    r"b_0: expected \('torch.float32', 10\), found \('torch.bfloat16', 10\)": altered(
        lambda p, _: p.update(b_0=p["b_0"].bfloat16())
    ),
    r"b_0: expected \('torch.float32', 10\), found \('torch.float8_e4m3fn', 10\)": altered(
        lambda p, _: p.update(b_0=p["b_0"].to(torch.float8_e4m3fn))
    ),
    r"W_0_1: expected .* 10, 12\), found \('torch.float32', 10, 11\)": altered(
        lambda p, _: p.update(W_0_1=p["W_0_1"][:, :11])
    ),
    r"b_0: expected \('torch.float32', 10\), found None": altered(lambda p, _: p.pop("b_0")),
    "history: expected a column for every measure": altered(lambda _, r: r.pop("history")),
    "history: test_error: expected 2 numbers, found 1": altered(
        lambda _, r: r["history"]["test_error"].pop()
    ),
    "history: train_error: expected 2 numbers, found none": altered(
        lambda _, r: r["history"].update(train_error=7)
    ),
    "history: seconds: expected finite numbers, found 'long'": altered(
        lambda _, r: r["history"].update(seconds=[1.0, "long"])
    ),
    "history: norms.b_0: expected 2 numbers, found 3": altered(
        lambda _, r: r["history"]["norms"].update(b_0=[None] * 3)
    ),
    "provenance: expected segments": altered(lambda _, r: r.update(provenance=[1])),
}


@pytest.mark.parametrize("text", UNFIT)
def test_a_whole_checkpoint_that_does_not_fit_is_skipped_by_name(
    run, tiny_row, tiny_data, capsys, text
):
    folder, results = run
    UNFIT[text](folder, results["hash"])
    (folder / "DONE").unlink()
    capsys.readouterr()
    again = train(Request(tiny_row, 5), tiny_data, folder, epochs=2)
    said = capsys.readouterr().out
    assert re.search(f"checkpoint not used: {path_of(folder, 2)}: {text}", said)
    assert "resumed after epoch 1" in said
    assert again["test_error"] == results["test_error"]


def test_what_a_rule_remembers_is_resumed_with_the_parameters(
    tiny_row, tiny_data, tmp_path, monkeypatch
):
    @dataclass(frozen=True)
    class Momentum(Rule):
        def init(self, parameters):
            return {name: torch.zeros_like(value) for name, value in parameters.items()}

        def step(self, memory, parameters, learned):
            velocity = {n: 0.9 * memory[n] + learned[n] - parameters[n] for n in parameters}
            return velocity, {name: parameters[name] + velocity[name] for name in parameters}

    monkeypatch.setitem(LEARNED_BY, "EP", Momentum("EP", continual=False, vector_field=False))
    row = tiny_row.changed(rule="EP", angle=None)
    whole = train(Request(row, 5), tiny_data, tmp_path / "whole")
    train(Request(row, 5), tiny_data, tmp_path / "parts", epochs=1)
    resumed = train(Request(row, 5), tiny_data, tmp_path / "parts")
    assert whole["engine"] == "reference"
    assert resumed["norms"] == whole["norms"]
    assert resumed["norms"].keys() == row.initial(5, torch.float32).keys()
    ends = [
        read(path_of(tmp_path / name, 3), run=whole["hash"]).parameters
        for name in ("whole", "parts")
    ]
    assert "memory/W_0_1" in ends[0]
    assert all(torch.equal(value, ends[1][name]) for name, value in ends[0].items())
