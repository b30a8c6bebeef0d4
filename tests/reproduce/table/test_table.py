"""The table: what a tier trains, what it may claim, and what the stage records."""

import json
import os
import re
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from cep_core.check.verdicts import Verdict
from cep_core.runs import epochs as loop
from cep_core.runs.train import Request
from reproduce.command_line import main
from reproduce.runs.jobs import Job
from reproduce.table import command as table_command
from reproduce.table.published import PublishedRow, read_published
from reproduce.table.results import (
    CHANCE,
    TIERS,
    Tier,
    class_means_error,
    jobs_of,
    learning_check,
    published_check,
    resumption_check,
    table_row,
)
from tests.small_row import small_row

CHECKOUT = Path(__file__).parents[3]
SMALL = small_row(epochs=30)


def summary(errors, nudge="outside"):
    return {
        "tier": "quick",
        "row": "EP-1h",
        "nudge": nudge,
        "epochs": len(errors),
        "data": "mnist5k",
        "seconds": 1.0,
        "test_error_by_epoch": errors,
        "train_error_by_epoch": errors,
    }


@pytest.mark.parametrize(
    ("errors", "verdict"),
    [
        ([60.0, 20.0], Verdict.PASS),
        ([20.0], Verdict.PASS),
        ([60.0, 50.0], Verdict.INCONCLUSIVE),
        ([20.0, 30.0], Verdict.INCONCLUSIVE),
        ([60.0, CHANCE], Verdict.FAIL),
        ([60.0, float("nan")], Verdict.FAIL),
    ],
)
def test_a_row_is_only_claimed_to_learn(errors, verdict):
    check = learning_check(summary(errors), 45.0)
    assert check.verdict is verdict
    assert bool(check.reason) == (verdict is not Verdict.PASS)
    assert "published" not in check.statement


def test_a_quick_claim_does_not_depend_on_what_was_published():
    assert learning_check(summary([80.0, 40.0]), 45.0).verdict is Verdict.PASS


def test_the_quick_tier_is_the_one_hidden_layer_rows_and_says_that_it_is_quick():
    quick, full = TIERS["quick"], TIERS["full"]
    assert quick.rows == ("EP-1h", "C-EP-1h", "C-VF-1h")
    assert "claims nothing about the paper's error rates" in quick.label
    assert len(full.rows) == 6
    assert full.epochs is None
    assert full.seeds == 5


def test_every_job_has_a_directory_of_its_own(tiny_data, tmp_path):
    tier = Tier("t", ("EP-1h", "C-VF-1h"), ("outside", "inside"), 1, 2, "")
    jobs = jobs_of(tier, tiny_data, tmp_path)
    assert len({job.folder for job in jobs}) == len(jobs) == 8
    tiny_data.sha256["random"] = "12"
    others = jobs_of(tier, tiny_data, tmp_path)
    assert not {job.folder for job in jobs} & {job.folder for job in others}


def result(seed, test_error):
    return {
        "seed": seed,
        "hash": f"{seed}",
        "engine": "fast",
        "data": {"name": "random"},
        "test_error": test_error,
        "train_error": [2 * e for e in test_error],
        "seconds": [1.0] * len(test_error),
    }


def test_a_row_shows_the_tiers_epochs_although_a_run_went_further(tiny_row, tmp_path):
    tier = Tier("quick", ("tiny",), ("outside",), 2, 2, "")
    jobs = [Job(Request(tiny_row, seed), {}, tmp_path, 2) for seed in (0, 1)]
    found = [result(0, [8.0, 6.0]), result(1, [6.0, 2.0, 1.0])]
    row = table_row(jobs, found, tier, PublishedRow(2.0, 0.1, 0.2, confirmed=False))
    assert row["epochs"] == 2
    assert row["test_error_by_epoch"] == [7.0, 4.0]
    assert row["test_error"] == {"mean": 4.0, "std": pytest.approx(8**0.5)}
    assert row["train_error"]["mean"] == 8.0
    assert row["seconds"] == 4.0
    assert row["runs"][1]["test_error"] == [6.0, 2.0]
    assert row["published"]["confirmed"] is False
    assert row["settings"]["beta"] == tiny_row.beta
    alone = table_row(jobs[:1], found[:1], tier, None)
    assert alone["test_error"]["std"] is None
    assert alone["published"] is None


def test_resumption_passes_on_a_sound_run(tiny_row, tiny_data, tmp_path):
    check = resumption_check(Request(tiny_row, 1), tiny_data, tmp_path)
    assert check.verdict is Verdict.PASS, check.reason


def test_resumption_fails_if_chance_is_not_a_function_of_the_epoch(
    tiny_row, tiny_data, tmp_path, monkeypatch
):
    original, drawn = loop.epoch_plan, []

    def of_a_running_generator(**arguments):
        drawn.append(1)
        return original(**arguments | {"epoch": len(drawn)})

    monkeypatch.setattr(loop, "epoch_plan", of_a_running_generator)
    check = resumption_check(Request(tiny_row, 1), tiny_data, tmp_path)
    assert check.verdict is Verdict.FAIL
    assert "likely cause" in check.reason


def test_resumption_fails_if_parameters_are_not_restored(
    tiny_row, tiny_data, tmp_path, monkeypatch
):
    monkeypatch.setattr("cep_core.fast.FastEngine.load", lambda *_: None)
    check = resumption_check(Request(tiny_row, 1), tiny_data, tmp_path)
    assert check.verdict is Verdict.FAIL


def test_the_command_trains_side_by_side_and_leaves_a_stage(tmp_path, capsys, monkeypatch):
    row = tmp_path / "small.toml"
    row.write_text(SMALL)
    arguments = ["table", "--rows", str(row), "--seeds", "2", "--epochs", "2"]
    arguments += ["--out", str(tmp_path / "stage"), "--runs", str(tmp_path / "runs")]
    assert main(arguments) == 0
    said = capsys.readouterr().out
    assert "[quick] small" in said
    stage = json.loads((tmp_path / "stage" / "stage.json").read_text())
    assert stage["stage"] == "table"
    assert stage["verdict"] == "pass"
    assert stage["details"]["tier"] == "quick"
    assert str(row) in stage["code"]["sources"]
    assert [(row["row"], row["nudge"]) for row in stage["details"]["rows"]] == [
        ("small", "outside"),
        ("small", "inside"),
    ]
    assert stage["details"]["data"]["sha256"].keys() == {"mnist5k"}
    lines = (tmp_path / "stage" / "table.csv").read_text().splitlines()
    assert len(lines) == 1 + 2 * 2 * 2
    first = stage["details"]["rows"][0]["runs"][0]
    assert lines[1] == f"small,outside,0,1,{first['test_error'][0]},{first['train_error'][0]}"

    monkeypatch.setattr(table_command, "each_trained", lambda *_: pytest.fail("trained"))
    before = {p: p.stat().st_mtime_ns for p in (tmp_path / "runs").rglob("*") if p.is_file()}
    assert main(arguments) == 0
    assert {p: p.stat().st_mtime_ns for p in before} == before


def test_ctrl_c_stops_every_process_and_what_is_left_resumes(tmp_path):
    row = tmp_path / "small.toml"
    row.write_text(SMALL)
    arguments = [
        "table",
        "--rows",
        str(row),
        "--seeds",
        "3",
        "--epochs",
        "8",
        "--nudges",
        "outside",
    ]
    arguments += ["--out", str(tmp_path / "stage"), "--runs", str(tmp_path / "runs")]
    with subprocess.Popen(
        [sys.executable, "-m", "reproduce", *arguments],
        cwd=CHECKOUT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # noqa: PLW1509
    ) as process:
        for line in process.stdout:
            if "seed0: test error" in line:
                os.killpg(process.pid, signal.SIGINT)  # as a terminal does
                break
        said, errors = process.communicate()
    assert process.returncode == 130
    assert "Resume with: python -m reproduce table --rows" in said
    assert "Traceback" not in errors
    assert not (tmp_path / "stage").exists()
    assert len(list((tmp_path / "runs").glob("*/DONE"))) < 3
    assert main(arguments) == 0
    assert len(list((tmp_path / "runs").glob("*/DONE"))) == 3


def test_a_run_that_fails_stops_no_other_and_is_told(tmp_path, capsys):
    wild = SMALL.replace("small", "wild").replace("[0.1, 0.2]", "[1e25, 1e25]")
    for name, text in (("wild", wild + 'activation = "identity"\n'), ("small", SMALL)):
        (tmp_path / f"{name}.toml").write_text(text)
    arguments = ["table", "--rows", *map(str, sorted(tmp_path.glob("*.toml"), reverse=True))]
    arguments += ["--seeds", "1", "--epochs", "1", "--nudges", "outside", "--jobs", "1"]
    arguments += ["--out", str(tmp_path / "stage"), "--runs", str(tmp_path / "runs")]
    assert main(arguments) == 1
    said = capsys.readouterr().out
    assert re.search(r"wild/\w+-seed0 failed: wild seed 0 diverged in epoch 1", said)
    assert len(list((tmp_path / "runs").glob("small-*/DONE"))) == 1
    assert not (tmp_path / "stage").exists()


@pytest.mark.parametrize("option", ["--out", "--runs"])
def test_a_place_that_is_no_directory_is_named_before_anything_is_trained(
    tmp_path, capsys, monkeypatch, option
):
    monkeypatch.setattr(table_command, "_train_all", lambda *_: pytest.fail("trained"))
    (tmp_path / "link").symlink_to("nowhere")
    assert main(["table", option, str(tmp_path / "link")]) == 2
    assert "expected a directory, found a symbolic link to nowhere" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (["--rows", "EP-9h"], "error: row: expected one of"),
        (["--seeds", "0"], "error: seeds: expected a positive integer, found 0"),
        (["--epochs", "-1"], "error: epochs: expected a positive integer, found -1"),
        (["--jobs", "0"], "error: jobs: expected a positive integer, found 0"),
        (
            ["--data", "nowhere"],
            "error: nowhere: expected mnist5k, mnist, fashion",
        ),
    ],
)
def test_bad_input_is_one_line_and_exit_code_2(tmp_path, capsys, arguments, text):
    assert main(["table", "--out", str(tmp_path / "stage"), *arguments]) == 2
    said = capsys.readouterr().err
    assert said.startswith(text)
    assert said.count("\n") == 1
    assert not (tmp_path / "stage").exists()


def test_the_bar_is_what_needs_no_hidden_unit(tiny_data):
    images = torch.zeros(20, 784, dtype=torch.uint8)
    labels = torch.arange(20, dtype=torch.uint8) % 10
    images[torch.arange(20), labels.long()] = 200
    told_apart = replace(tiny_data, train_images=images, train_labels=labels)
    assert class_means_error(told_apart) == 0
    half = replace(told_apart, train_labels=torch.cat([labels[:10], labels[10:].roll(1)]))
    assert class_means_error(half) == pytest.approx(50)
    same = replace(told_apart, train_images=torch.zeros_like(images))
    assert class_means_error(same) == pytest.approx(90)


@pytest.mark.parametrize(
    ("errors", "verdict"),
    [
        ([2.0, 2.1, 1.9, 2.0, 2.05], Verdict.PASS),
        ([3.0, 3.1, 2.9, 3.0, 3.05], Verdict.FAIL),
        ([2.0, 2.1, 90.2, 2.0, 2.1], Verdict.FAIL),
        ([2.0, 2.9], Verdict.INCONCLUSIVE),
    ],
)
def test_a_row_trained_in_full_is_held_against_what_is_published(errors, verdict):
    runs = [{"seed": i, "test_error": [50.0, e]} for i, e in enumerate(errors)]
    row = {"row": "EP-1h", "nudge": "outside", "tier": "full", "epochs": 30, "data": "mnist"}
    row |= {"runs": runs, "test_error": {"mean": sum(errors) / len(errors)}, "seconds": 1.0}
    check = published_check(row, read_published())
    assert check.verdict is verdict, check.reason
    assert check.name == "table/full/EP-1h/outside"
