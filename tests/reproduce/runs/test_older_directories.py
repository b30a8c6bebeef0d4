"""Directories that older versions made: still the same run, resumed where they stood."""

import hashlib
import json
from dataclasses import dataclass

import pytest
import torch

from cep_core.runs import directory
from cep_core.runs.directory import essence, opened
from cep_core.runs.files import RunError
from cep_core.runs.train import Request, train
from cep_core.training.checkpoints import Checkpoint, latest, path_of, read, save
from reproduce.table.results import Tier, jobs_of

NEW = ("residual", "norms", "residual_over", "provenance")
"""What 0.1.1 did not write into its results."""


def identity_of_0_1_1(row, seed, data):
    """As version 0.1.1 wrote it: every field of the row, defaults included, and its version."""
    spec = {
        "name": row.name,
        "rule": row.rule,
        "sizes": list(row.sizes),
        "learning_rates": list(row.learning_rates),
        "beta": row.beta,
        "free_steps": row.free_steps,
        "nudged_steps": row.nudged_steps,
        "setting": "prototypical",
        "activation": "sigmoid",
        "output_activation": None,
        "nudge": "outside",
        "angle": row.angle,
        "positive_probability": row.positive_probability,
        "train_input_bias": row.train_input_bias,
        "centred": False,
        "damping": 1.0,
        "batch": 20,
        "dt": None,
        "drift_slope": "all",
        "clamp": False,
    }
    return {
        "spec": spec,
        "seed": seed,
        "data": data.sha256,
        "engine": "fast",
        "device": "cpu",
        "dtype": "float32",
        "version": "0.1.1",
        "numerics": 2,
    }


def made_by_0_1_1(folder, new, identity):
    """Write into ``folder`` what 0.1.1 would have left of the run in ``new``, two epochs long."""
    run = hashlib.sha256(json.dumps(identity, sort_keys=True).encode()).hexdigest()
    results = json.loads((new / "results.json").read_text())
    found = read(path_of(new, 2), run=results["hash"])
    history = {
        name: found.record["history"][name] for name in ("test_error", "train_error", "seconds")
    }
    folder.mkdir(parents=True)
    head = {"hash": run, "identity": identity, "software": directory.software()}
    (folder / "run.json").write_text(json.dumps(head))
    save(folder, Checkpoint(2, found.parameters, {"history": history}), run=run)
    errors = {name: value for name, value in results.items() if name not in NEW} | {
        "hash": run,
        "identity": identity,
    }
    (folder / "results.json").write_text(json.dumps(errors))
    digest = hashlib.sha256((folder / "results.json").read_bytes()).hexdigest()
    (folder / "DONE").write_text(f"run {run}\nresults {digest}\n")
    return run


@pytest.fixture
def old(tiny_row, tiny_data, tmp_path):
    """Folder and hash of a run of two epochs as 0.1.1 left it."""
    train(Request(tiny_row, 5), tiny_data, tmp_path / "new", epochs=2)
    folder = tmp_path / "runs" / "tiny-outside-seed5-0123456789ab"
    identity = identity_of_0_1_1(tiny_row, 5, tiny_data)
    return folder, made_by_0_1_1(folder, tmp_path / "new", identity)


def test_a_finished_one_answers_at_once(old, tiny_row, tiny_data):
    folder, run = old
    results = train(Request(tiny_row, 5), tiny_data, folder, epochs=2)
    assert results["hash"] == run
    assert not (folder / "checkpoint-0000.safetensors").exists()


def test_it_is_resumed_bit_for_bit(old, tiny_row, tiny_data, tmp_path):
    folder, run = old
    results = train(Request(tiny_row, 5), tiny_data, folder)
    alone = train(Request(tiny_row, 5), tiny_data, tmp_path / "alone")
    assert results["hash"] == run != alone["hash"]
    assert results["test_error"] == alone["test_error"]
    assert results["residual"] == [None, None, alone["residual"][2]]
    assert results["norms"]["W_0_1"] == [None, None, alone["norms"]["W_0_1"][2]]
    ours, theirs = (
        latest(place, run=found["hash"], warn=pytest.fail).parameters
        for place, found in ((folder, results), (tmp_path / "alone", alone))
    )
    assert all(torch.equal(value, ours[name]) for name, value in theirs.items())
    first, second = results["provenance"]
    assert (first["first_epoch"], first["code"]) == (1, None)
    assert second["first_epoch"] == 3
    assert second["code"]["sources_sha256"]


def test_the_table_finds_it_under_its_old_name(old, tiny_row, tiny_data, monkeypatch):
    folder, _ = old
    monkeypatch.setattr("reproduce.table.results.row_named", lambda _: tiny_row)
    jobs = jobs_of(Tier("t", ("tiny",), ("outside",), 2, 6, ""), tiny_data, folder.parent)
    assert [job.folder for job in jobs].index(folder) == 5
    assert jobs[5].results["epochs"] == 2
    assert jobs[4].results is None


def test_it_is_another_run_if_the_arithmetic_was(old, tiny_row, tiny_data, tmp_path):
    identity = identity_of_0_1_1(tiny_row, 5, tiny_data) | {"numerics": 1}
    made_by_0_1_1(tmp_path / "older", tmp_path / "new", identity)
    with pytest.raises(RunError, match=r"belongs to another run: numerics is 1 there, 2 here\."):
        train(Request(tiny_row, 5), tiny_data, tmp_path / "older")


def test_an_altered_identity_is_named(old, tiny_row, tiny_data):
    folder, _ = old
    path = folder / "run.json"
    path.write_text(path.read_text().replace('"beta": 0.2', '"beta": 0.3'))
    with pytest.raises(RunError, match=r"run\.json: hash: expected \w+, that of the identity"):
        train(Request(tiny_row.changed(beta=0.3), 5), tiny_data, folder)


def test_a_new_field_with_a_default_leaves_runs_valid(tiny_row, tiny_data, tmp_path, monkeypatch):
    train(Request(tiny_row, 5), tiny_data, tmp_path / "run", epochs=1)

    @dataclass(frozen=True)
    class Wider(type(tiny_row)):
        momentum: float = 0.0

    monkeypatch.setattr(directory, "DEFAULTS", directory.DEFAULTS | {"momentum": 0.0})
    fields = {name: getattr(tiny_row, name) for name in tiny_row.__dataclass_fields__}
    same = Request(Wider(**fields), 5)
    assert train(same, tiny_data, tmp_path / "run", epochs=1)["epochs"] == 1
    with pytest.raises(RunError, match=r"momentum is 0\.0 there, 0\.9 here"):
        train(Request(Wider(**fields, momentum=0.9), 5), tiny_data, tmp_path / "run")


def test_neither_name_nor_defaults_enter_an_identity(tiny_row, tiny_data, tmp_path):
    results = train(Request(tiny_row, 5), tiny_data, tmp_path / "run", epochs=1)
    assert results["identity"]["spec"].keys() == {
        "rule",
        "sizes",
        "learning_rates",
        "beta",
        "free_steps",
        "nudged_steps",
        "angle",
        "positive_probability",
        "train_input_bias",
    }
    assert "version" not in results["identity"]
    old_identity = identity_of_0_1_1(tiny_row, 5, tiny_data)
    assert essence(old_identity) == results["identity"]
    assert opened(tmp_path / "run", results["identity"])
    assert opened(tmp_path / "none", results["identity"]) is None
