"""Sweeps: every run trained once, whatever is killed, stopped or begun twice meanwhile."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import torch

from cep_core.data.mnist import load
from cep_core.runs.row import SpecError
from cep_core.training.checkpoints import latest
from cep_core.workers import Outcome, WorkerDiedError, Workers
from reproduce.command_line import main
from reproduce.runs import side_by_side
from reproduce.runs.jobs import trained
from reproduce.sweep.command import SWEEPS, sweep_names
from reproduce.sweep.spec import jobs_of, read_sweep
from reproduce.sweep.standing import State, line_of, seconds_left, standing_of
from tests.small_row import small_row

CHECKOUT = Path(__file__).parents[3]
KNOWN = ", ".join(sweep_names())
ROW = small_row(epochs=2)
SWEEP = """
[[runs]]
rows = ["small.toml"]
seeds = [0, 1]
epochs = {epochs}
"""
WILD = (
    ROW.replace("small", "wild")
    .replace("[0.1, 0.2]", "[1e25, 1e25]")
    .replace("beta", 'activation = "identity"\nbeta')
)


@pytest.fixture
def sweep(tmp_path):
    """Write a sweep of two small runs; return its file."""

    def write(text=SWEEP, epochs=2):
        (tmp_path / "small.toml").write_text(ROW)
        (tmp_path / "wild.toml").write_text(WILD)
        path = tmp_path / "sweep.toml"
        path.write_text(text.replace("{epochs}", str(epochs)))
        return path

    return write


def begin(path, runs, *options):
    return subprocess.Popen(
        [sys.executable, "-m", "reproduce", "sweep", path, "--runs", runs, *options],
        cwd=CHECKOUT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        env=os.environ | {"OMP_NUM_THREADS": "1"},
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # noqa: PLW1509
    )


def ends(runs):
    """Parameters at the end of every finished run, by the run's hash."""
    found = {}
    for marker in runs.glob("*/DONE"):
        run = json.loads((marker.parent / "run.json").read_text())["hash"]
        found[run] = latest(marker.parent, run=run, warn=pytest.fail).parameters
    return found


def epochs_in_logs(runs):
    """Which epochs every run's log tells of."""
    return {
        log.stem: re.findall(r"epoch (\d+)/\d+: test error", log.read_text())
        for log in runs.glob("*.log")
    }


def wait_for(condition):
    deadline = time.monotonic() + 120
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_a_worker_killed_in_mid_epoch_costs_no_more_than_that(sweep, tmp_path):
    path, runs = sweep(epochs=15), tmp_path / "runs"
    with begin(path, runs, "--jobs", "2") as process:
        wait_for(lambda: len(list(runs.glob("*/checkpoint-0002*"))) == 2)
        held = next(iter(runs.glob("*/run.lock"))).read_text()
        os.kill(int(re.match(r"process (\d+) on", held)[1]), signal.SIGKILL)
        said, errors = process.communicate()
    assert process.returncode == 0, errors
    assert "begun again where it was, as its process was killed by signal 9" in said
    assert "2 runs: 2 done; 30 of 30 epochs" in said
    for job in jobs_of(read_sweep(path), load(), tmp_path / "whole"):
        trained(job, "mnist5k", "warnings")
    undisturbed, disturbed = ends(tmp_path / "whole"), ends(runs)
    assert undisturbed.keys() == disturbed.keys()
    for run, parameters in undisturbed.items():
        assert all(torch.equal(v, disturbed[run][name]) for name, v in parameters.items())


def test_ctrl_c_stops_a_sweep_that_is_resumed_and_extended(sweep, tmp_path, capsys):
    path, runs = sweep(epochs=200), tmp_path / "runs"
    with begin(path, runs, "--jobs", "1") as process:
        wait_for(lambda: list(runs.glob("*/checkpoint-0002*")))
        os.killpg(process.pid, signal.SIGINT)
        said, errors = process.communicate()
    assert process.returncode == 130
    assert "Traceback" not in errors
    assert "Resume with: python -m reproduce sweep" in said
    assert main(["sweep", str(sweep(epochs=3)), "--runs", str(runs), "--jobs", "1"]) == 0
    assert all("3" in epochs for epochs in epochs_in_logs(runs).values())
    assert "2 runs: 2 done; 6 of 6 epochs" in capsys.readouterr().out


def test_two_sweeps_of_one_directory_train_every_epoch_once(sweep, tmp_path):
    path, runs = sweep(epochs=4), tmp_path / "runs"
    both = [begin(path, runs, "--jobs", "1") for _ in range(2)]
    assert [(process.communicate(), process.returncode)[1] for process in both] == [0, 0]
    assert sorted(epochs_in_logs(runs).values()) == [["1", "2", "3", "4"]] * 2


def test_a_run_that_diverges_is_reported_and_stops_no_other(sweep, tmp_path, capsys):
    path = sweep(SWEEP.replace('"small.toml"', '"wild.toml", "small.toml"'), epochs=1)
    runs = tmp_path / "runs"
    assert main(["sweep", str(path), "--runs", str(runs), "--jobs", "1"]) == 1
    said = capsys.readouterr().out
    assert "4 runs: 2 done, 2 diverged; 2 of 4 epochs" in said
    assert re.search(r"failed: wild/\w+-seed0: wild seed 0 diverged in epoch 1: .*\.log\)", said)
    (log,) = runs.glob("wild-outside-seed0-*.log")
    assert "failed: wild seed 0 diverged in epoch 1" in log.read_text()
    (results,) = runs.glob("wild-outside-seed0-*/results.json")
    assert json.loads(results.read_text())["diverged"]["epoch"] == 1
    assert main(["sweep", str(path), "--runs", str(runs), "--status"]) == 0
    assert re.search(r"diverged wild/\w+-seed1: 0 of 1 epochs", capsys.readouterr().out)
    (small,) = (path for path in runs.glob("small-*-seed1-*") if path.is_dir())
    (small / "DONE").unlink()
    with small.with_name(f"{small.name}.log").open("a") as log:
        log.write("failed: planted\n")
    assert main(["sweep", str(path), "--runs", str(runs), "--status"]) == 0
    assert "1 done, 2 diverged, 1 failed" in capsys.readouterr().out


def test_a_process_that_dies_again_and_again_is_given_up(sweep, tmp_path, monkeypatch, capsys):
    died = WorkerDiedError("its process was killed by signal 9 before it was done")
    monkeypatch.setattr(
        Workers,
        "each_done",
        lambda _, work, jobs: ((job, Outcome(error=died)) for job in jobs),
    )
    monkeypatch.setattr(side_by_side, "PAUSE", 0.0)
    assert main(["sweep", str(sweep()), "--runs", str(tmp_path / "runs")]) == 1
    said = capsys.readouterr().out
    assert said.count("begun again") == 2 * (side_by_side.ATTEMPTS - 1)
    assert said.count("\nfailed: small") == 4, "two, each told at once and at the end"


@pytest.mark.parametrize(("number", "ends"), [(28, True), (13, False)], ids=["full", "forbidden"])
def test_a_full_disk_ends_a_sweep_and_one_forbidden_folder_does_not(
    sweep, tmp_path, monkeypatch, capsys, number, ends
):
    fault = OSError(number, os.strerror(number), "/the/file")
    monkeypatch.setattr(
        Workers,
        "each_done",
        lambda _, work, jobs: ((job, Outcome(error=fault)) for job in jobs),
    )
    code = main(["sweep", str(sweep()), "--runs", str(tmp_path / "runs")])
    said, errors = capsys.readouterr()
    assert (code, errors) == (
        (2, "error: /the/file: No space left on device\n") if ends else (1, "")
    )
    assert said.count("Permission denied: '/the/file' (log: ") == (0 if ends else 4)


def test_every_combination_is_one_run_and_none_is_there_twice(sweep, tmp_path):
    text = SWEEP.replace("epochs = {epochs}", "vary.beta = [0.1, 0.2]\nvary.centred = [true]")
    path = sweep(text + SWEEP + SWEEP.replace("[0, 1]", "[1, 7]"), epochs=5)
    jobs = jobs_of(read_sweep(path), load(), tmp_path)
    described = [
        (j.request.seed, j.request.row.beta, j.request.row.centred, j.epochs) for j in jobs
    ]
    assert described == [
        (0, 0.1, True, 2),
        (0, 0.2, True, 2),
        (1, 0.1, True, 2),
        (1, 0.2, True, 2),
        (0, 0.1, False, 5),
        (1, 0.1, False, 5),
        (7, 0.1, False, 5),
    ]


def test_the_papers_sweep_is_the_papers(tmp_path):
    jobs = jobs_of(read_sweep(SWEEPS / "paper.toml"), load(), tmp_path)
    first = [(job.request.row.name, job.request.seed) for job in jobs[:4]]
    assert first == [("EP-1h", 0), ("C-EP-1h", 0), ("C-VF-1h", 0), ("EP-1h", 1)]
    angles = [job.request.row.angle for job in jobs if job.request.row.rule == "C-VF"]
    assert set(angles) == {0, 22.5, 45, 67.5, 90, 112.5, 135, 157.5, 180}
    assert len(jobs) == 15 + 2 * 8 + 10 + 5 + 3 + 2, "angle 0 is the table's own row"
    assert all(job.epochs == job.request.row.epochs for job in jobs)


FAULTS = {
    "runs: expected a list of 1 or more values, each a table, found none": "",
    r"runs\[0\].seeds: expected a list of .*, found 3": SWEEP.replace("[0, 1]", "3"),
    r"runs\[0\].epochs: expected a whole number from 1 .*, found 0": SWEEP.replace("{epochs}", "0"),
    r"runs\[0\].speed: expected one of the fields .*, found another": SWEEP + "speed = 1\n",
    r"runs\[0\].vary.angel: expected one of the fields .*": SWEEP + "vary.angel = [1]\n",
    r"runs\[0\].vary.beta: expected a list of .*, found 0.1": SWEEP + "vary.beta = 0.1\n",
    r"runs\[0\].vary: small.toml with angle 45.0: angle: expected": SWEEP + "vary.angle = [45]\n",
    r"runs\[0\].engine: expected one of fast, reference, found 'slow'": SWEEP + 'engine = "slow"\n',
    "label: expected one of the fields runs, found another": 'label = "x"\n' + SWEEP,
}


@pytest.mark.parametrize("text", FAULTS)
def test_every_fault_of_a_sweep_names_file_and_field(sweep, text):
    path = sweep(FAULTS[text])
    with pytest.raises(SpecError, match=f"^{path}: {text}"):
        read_sweep(path)


def test_more_runs_than_anybody_means_are_refused(sweep):
    seeds = ", ".join(map(str, range(400)))
    path = sweep(SWEEP.replace("0, 1", seeds) + f"vary.beta = [{', '.join(['0.1'] * 300)}]\n")
    with pytest.raises(SpecError, match="expected at most 100000 runs in all, found 120000"):
        read_sweep(path)


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (["nothing"], f"error: sweep: expected one of {KNOWN}, or a .toml file, found 'nothing'"),
        (["paper", "--jobs", "0"], "error: jobs: expected a positive integer, found 0"),
        (["none.toml"], "error: none.toml: expected a TOML file, found none"),
    ],
)
def test_bad_input_is_one_line_and_exit_code_2(capsys, arguments, text):
    assert main(["sweep", *arguments]) == 2
    assert capsys.readouterr().err == text + "\n"


def test_standing_and_time_left_are_read_from_the_directories(sweep, tmp_path):
    path = sweep(epochs=4)
    jobs = jobs_of(read_sweep(path), load(), tmp_path / "runs")
    waiting = [standing_of(job) for job in jobs]
    assert [s.state for s in waiting] == [State.WAITING] * 2
    assert seconds_left(waiting, 1) is None
    assert line_of(waiting, 1) == "2 runs: 2 waiting; 0 of 8 epochs"
    for job in jobs_of(read_sweep(path), load(), tmp_path / "runs", epochs=1):
        trained(job, "mnist5k", "warnings")
    begun = [standing_of(job) for job in jobs]
    assert [s.state for s in begun] == [State.BEGUN] * 2
    seconds = sum(s.results["seconds"][0] for s in begun) / 2
    assert seconds_left(begun, 2) == pytest.approx(6 * seconds / 2)
