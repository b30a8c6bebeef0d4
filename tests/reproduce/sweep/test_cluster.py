"""Sweeps on the workers of a dask scheduler, begun as the example for Slurm begins them."""

import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from cep_core.data.mnist import load
from cep_core.runs.files import RunError
from reproduce.command_line import main
from reproduce.runs.jobs import trained
from reproduce.sweep import cluster
from reproduce.sweep.spec import jobs_of, read_sweep
from tests.reproduce.sweep.test_sweep import CHECKOUT, SWEEP, ends, epochs_in_logs, wait_for
from tests.small_row import small_row

EPOCHS = 8


@pytest.fixture
def sweep(tmp_path):
    (tmp_path / "small.toml").write_text(small_row(epochs=EPOCHS))
    path = tmp_path / "sweep.toml"
    path.write_text(SWEEP.replace("{epochs}", str(EPOCHS)))
    return path


@pytest.fixture
def slurm(tmp_path):
    """What a job finds where Slurm begins it: two tasks, and this Python first in the path."""
    tools = {
        "python": f'exec {sys.executable} "$@"',
        "srun": 'for _ in 1 2; do "$@" & done\nwait',
    }
    (tmp_path / "tools").mkdir()
    for name, text in tools.items():
        (tmp_path / "tools" / name).write_text(f"#!/bin/sh\n{text}\n")
        (tmp_path / "tools" / name).chmod(0o755)
    path = f"{tmp_path / 'tools'}:{os.environ['PATH']}"
    return os.environ | {"PATH": path, "SLURM_JOB_ID": f"test-{os.getpid()}"}


def parent_of(process):
    return int(Path(f"/proc/{process}/stat").read_text().rpartition(") ")[2].split()[1])


def test_a_worker_of_a_cluster_killed_in_mid_epoch_costs_no_more_than_that(sweep, slurm, tmp_path):
    runs = tmp_path / "runs"
    with subprocess.Popen(
        ["bash", "docs/sweep.sbatch", sweep, "--runs", runs],
        cwd=CHECKOUT,
        env=slurm,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as process:
        try:
            wait_for(lambda: len(list(runs.glob("*/checkpoint-0002*"))) == 2)
            trains = {
                int(re.match(r"process (\d+) on", lock.read_text())[1])
                for lock in runs.glob("*/run.lock")
            }
            workers = {parent_of(run) for run in trains}
            assert len(workers) == len(trains) == 2, "every run has a process of its own"
            os.kill(workers.pop(), signal.SIGKILL)
            said, errors = process.communicate(timeout=300)
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
    assert process.returncode == 0, errors
    assert f"2 runs: 2 done; {2 * EPOCHS} of {2 * EPOCHS} epochs" in said
    for job in jobs_of(read_sweep(sweep), load(), tmp_path / "whole"):
        trained(job, "mnist5k", "warnings")
    undisturbed, disturbed = ends(tmp_path / "whole"), ends(runs)
    assert undisturbed.keys() == disturbed.keys()
    for run, parameters in undisturbed.items():
        assert all(torch.equal(v, disturbed[run][name]) for name, v in parameters.items())
    told = list(epochs_in_logs(runs).values())
    assert all(set(epochs) == set(map(str, range(1, EPOCHS + 1))) for epochs in told)
    assert sum(map(len, told)) <= 2 * EPOCHS + 1


def test_a_scheduler_that_is_not_there_is_named(sweep, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(cluster, "TIMEOUT", 1)
    asked = ["sweep", str(sweep), "--runs", str(tmp_path / "runs"), "--scheduler"]
    for scheduler, words in {
        "tcp://127.0.0.1:9": "scheduler: expected one at tcp://127.0.0.1:9, found none: ",
        "udp://x": "scheduler: expected one at udp://x, found none: ",
        "none.json": "none.json: expected a JSON file, found none",
    }.items():
        assert main([*asked, scheduler]) == 2
        said = capsys.readouterr().err
        assert said.startswith(f"error: {words}")
        assert said.count("\n") == 1
    monkeypatch.setitem(sys.modules, "distributed", None)
    assert main([*asked, "tcp://127.0.0.1:9"]) == 2
    assert "expected the package distributed, found none" in capsys.readouterr().err
    assert not (tmp_path / "runs").exists()


def test_a_worker_with_other_code_trains_nothing():
    with pytest.raises(RunError, match="worker: expected the code of the sweep, other, found"):
        cluster._alone("sweep", "other", str, 1)
