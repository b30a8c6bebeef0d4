"""Batched runs: each seed learns as it does alone, in a directory of its own, resumed bitwise."""

import json
import re

import pytest
import torch

from cep_core.runs import epochs as loop
from cep_core.runs import record
from cep_core.runs.epochs import DivergedError
from cep_core.runs.files import RunError
from cep_core.runs.together import several, train_together
from cep_core.runs.train import Request, train
from cep_core.training.checkpoints import latest, path_of
from reproduce.command_line import main
from reproduce.runs import jobs as jobs_module
from reproduce.table import command as table_command
from reproduce.table.results import Tier, jobs_of
from tests.small_row import small_row

SEEDS = (0, 3, 5)
RATES = {"EP": (0.04, 0.08), "C-EP": (0.0028, 0.0056), "C-VF": (0.0038, 0.0076)}
DEVICES = [
    "cpu",
    pytest.param(
        "cuda",
        marks=pytest.mark.skipif(
            not torch.cuda.is_available(), reason="needs a GPU that PyTorch can use"
        ),
    ),
]


@pytest.fixture(params=["EP", "C-EP", "C-VF"])
def row(request, tiny_row):
    """A small row of each rule whose sign of beta is the same for all seeds.

    The rates are those of the table: with C-EP's seven times larger, the definition itself turns a
    difference in the last bit of the initial parameters into 1e-13.
    """
    angle = tiny_row.angle if request.param == "C-VF" else None
    rates = RATES[request.param]
    return tiny_row.changed(
        rule=request.param, learning_rates=rates, angle=angle, positive_probability=1.0
    )


@pytest.fixture
def ep(tiny_row):
    return tiny_row.changed(rule="EP", angle=None, positive_probability=1.0)


def places(folder, seeds=SEEDS):
    return [folder / f"seed-{seed}" for seed in seeds]


def batched(row, data, folder, *, epochs=None, **options):
    return train_together(several(row, SEEDS, **options), data, places(folder), epochs=epochs)


def ends(folder):
    """Parameters of the newest checkpoint of every seed."""
    found = []
    for place in places(folder):
        run = json.loads((place / "run.json").read_text())["hash"]
        found.append(latest(place, run=run, warn=pytest.fail))
    return found


def same_ends(a, b):
    for theirs, ours in zip(ends(a), ends(b), strict=True):
        assert theirs.epoch == ours.epoch
        assert all(torch.equal(v, ours.parameters[name]) for name, v in theirs.parameters.items())


def without_times(found):
    return [{key: value for key, value in r.items() if key != "seconds"} for r in found]


@pytest.mark.parametrize("device", DEVICES)
def test_every_seed_learns_as_it_does_alone(row, tiny_data, tmp_path, device):
    found = batched(row, tiny_data, tmp_path, device=device, dtype="float64")
    for seed, results, end in zip(SEEDS, found, ends(tmp_path), strict=True):
        folder = tmp_path / f"alone-{seed}"
        alone = train(Request(row, seed, dtype="float64"), tiny_data, folder)
        for kind in ("test_error", "train_error"):
            assert results[kind] == pytest.approx(alone[kind], abs=1e-9)
        assert results["hash"] != alone["hash"]
        assert results["identity"].pop("together") == list(SEEDS)
        assert results["identity"] | {"device": "cpu"} == alone["identity"]
        expected = latest(folder, run=alone["hash"], warn=pytest.fail).parameters
        for name, value in end.parameters.items():
            assert float((value - expected[name]).abs().max()) < 1e-12
            assert value.dtype == torch.float64
    first, second, _ = (end.parameters["W_0_1"] for end in ends(tmp_path))
    assert float((first - second).abs().max()) > 1e-3


@pytest.mark.parametrize("device", DEVICES)
@pytest.mark.parametrize(("row", "at"), [("EP", 9), ("C-VF", 14), ("C-EP", 19)], indirect=["row"])
def test_an_interrupted_batched_run_resumes_bit_for_bit(
    row, tiny_data, tmp_path, monkeypatch, device, at
):
    """Interrupted while it learns, or between the checkpoints of two seeds."""
    undisturbed = batched(row, tiny_data, tmp_path / "whole", device=device)
    original, calls = (loop.train_epoch_together, record.save), 0

    def count():
        nonlocal calls
        calls += 1
        if calls == at:
            raise KeyboardInterrupt

    def learn(*arguments, **named):
        return original[0](*arguments, **named | {"progress": lambda _: count()})

    def save(*arguments, **named):
        count()
        return original[1](*arguments, **named)

    monkeypatch.setattr(loop, "train_epoch_together", learn)
    monkeypatch.setattr(record, "save", save)
    with pytest.raises(KeyboardInterrupt):
        batched(row, tiny_data, tmp_path / "cut", device=device)
    monkeypatch.setattr(loop, "train_epoch_together", original[0])
    monkeypatch.setattr(record, "save", original[1])
    assert not list((tmp_path / "cut").glob("*/DONE"))
    resumed = batched(row, tiny_data, tmp_path / "cut", device=device)
    assert without_times(resumed) == without_times(undisturbed)
    same_ends(tmp_path / "whole", tmp_path / "cut")


def test_a_damaged_checkpoint_of_one_seed_takes_all_back_an_epoch(ep, tiny_data, tmp_path, capsys):
    whole = batched(ep, tiny_data, tmp_path / "whole")
    batched(ep, tiny_data, tmp_path / "cut", epochs=2)
    newest = path_of(tmp_path / "cut" / "seed-3", 2)
    newest.write_bytes(newest.read_bytes()[:-100])
    again = batched(ep, tiny_data, tmp_path / "cut")
    said = capsys.readouterr().out
    assert f"checkpoint not used: {newest}" in said
    assert "resumed after epoch 1" in said
    assert without_times(again) == without_times(whole)
    same_ends(tmp_path / "whole", tmp_path / "cut")


def test_a_finished_batched_run_answers_without_training(ep, tiny_data, tmp_path, monkeypatch):
    found = batched(ep, tiny_data, tmp_path)
    monkeypatch.setattr(loop, "train_epoch_together", lambda *_, **__: pytest.fail("trained"))
    assert batched(ep, tiny_data, tmp_path) == found
    assert batched(ep, tiny_data, tmp_path, epochs=1) == found
    (tmp_path / "seed-3" / "DONE").unlink()
    assert batched(ep, tiny_data, tmp_path, epochs=1) == found


def test_foreign_directories_are_refused_before_anything_is_made(ep, tiny_data, tmp_path):
    alone = train(Request(ep, 3), tiny_data, tmp_path / "seed-3", epochs=1)
    with pytest.raises(RunError, match=r"seed-3 belongs .* together is None there, \[0, 3, 5\]"):
        batched(ep, tiny_data, tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["seed-3"]
    assert json.loads((tmp_path / "seed-3" / "results.json").read_text()) == alone
    batched(ep, tiny_data, tmp_path / "other", epochs=1)
    with pytest.raises(RunError, match=r"together is \[0, 3, 5\] there, \[0, 3\] here"):
        train_together(several(ep, (0, 3)), tiny_data, places(tmp_path / "other", (0, 3)))
    with pytest.raises(RunError, match=r"together is .* there, None here"):
        train(Request(ep, 3), tiny_data, tmp_path / "other" / "seed-3")
    with pytest.raises(RunError, match="expected a run alone, found one of seeds 0, 3, 5"):
        train(several(ep, SEEDS)[0], tiny_data, tmp_path / "new")


def test_divergence_names_the_seed_and_keeps_the_epochs_before(ep, tiny_data, tmp_path):
    wild = ep.changed(learning_rates=(1e30, 1e30), activation="identity")
    with pytest.raises(DivergedError, match=r"tiny seed \d diverged in epoch 1: .* is not finite"):
        batched(wild, tiny_data, tmp_path)
    assert not list(tmp_path.glob("*/DONE"))


@pytest.mark.parametrize(
    ("changes", "seeds", "options", "text"),
    [
        ({"positive_probability": 0.5}, SEEDS, {}, "share the sign of beta, found 0.5; train its"),
        ({"setting": "energy-based", "dt": 0.1}, SEEDS, {}, "found EnergyBased; train its seeds"),
        ({}, (2, 2), {}, "seed: expected different ones in a batched run, found 2, 2"),
        ({}, SEEDS, {"engine": "reference"}, "engine: expected fast in a batched run"),
        ({}, (0, -1), {}, "seed: expected an integer from 0"),
    ],
)
def test_what_cannot_be_batched_is_refused(ep, changes, seeds, options, text):
    with pytest.raises(RunError, match=re.escape(text)):
        several(ep.changed(**changes), seeds, **options)


SMALL = small_row(epochs=1)


def test_several_seeds_on_the_command_line(tmp_path, capsys):
    file, out = tmp_path / "small.toml", tmp_path / "out"
    file.write_text(SMALL)
    assert main(["run", str(file), "--seed", "1,0", "--out", str(out)]) == 0
    assert sorted(path.name for path in out.iterdir()) == ["seed-0", "seed-1"]
    assert all((place / "DONE").exists() for place in out.iterdir())
    said = capsys.readouterr().out
    assert f"({out / 'seed-1' / 'results.json'})" in said
    assert main(["run", "--seed", "0", str(file), "--out", str(tmp_path / "alone")]) == 0
    assert (tmp_path / "alone" / "DONE").exists()
    assert main(["run", str(file), "--seed", "0,1", "--out", str(tmp_path / "alone")]) == 2
    assert "expected a directory for several runs" in capsys.readouterr().err
    assert main(["run", "C-VF-1h", "--seed", "0,1", "--out", str(tmp_path / "no")]) == 2
    assert "train its seeds one after another" in capsys.readouterr().err
    assert not (tmp_path / "no").exists()
    with pytest.raises(SystemExit):
        main(["run", str(file), "--seed", "0,a", "--out", str(out)])
    assert "expected an integer, or several separated by commas" in capsys.readouterr().err


def test_the_table_trains_the_seeds_of_a_row_at_once(
    ep, tiny_row, tiny_data, tmp_path, monkeypatch
):
    """As on a GPU; a row whose sign is random is trained seed by seed."""
    rows = {"ep": ep, "vf": tiny_row.changed(name="vf")}
    monkeypatch.setattr("reproduce.table.results.row_named", rows.__getitem__)
    monkeypatch.setattr(table_command, "data_named", lambda _: tiny_data)
    monkeypatch.setattr(jobs_module, "data_named", lambda _: tiny_data)
    monkeypatch.setattr(table_command, "_side_by_side", lambda *_: pytest.fail("processes"))
    tier = Tier("quick", ("ep", "vf"), ("outside",), 1, 2, "")
    jobs = jobs_of(tier, tiny_data, tmp_path, together=True)
    assert {(j.request.row.name, j.request.together) for j in jobs} == {
        ("tiny", (0, 1)),
        ("vf", ()),
    }
    assert all(not j.request.together for j in jobs_of(tier, tiny_data, tmp_path))
    found = table_command._train_all(jobs, "", 1, tier)
    assert found == {job.folder: job.results for job in jobs}
    (jobs[0].folder / "DONE").unlink()
    monkeypatch.setattr(loop, "train_epoch", lambda *_, **__: pytest.fail("trained again"))
    assert table_command._train_all(jobs, "", 1, tier) == found
