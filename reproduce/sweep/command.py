"""``python -m reproduce sweep SWEEP.toml``: train many runs, each in a directory of its own."""

from __future__ import annotations

import argparse
import os
from collections.abc import Sequence
from contextlib import closing, redirect_stdout
from functools import partial
from pathlib import Path

import torch

from cep_core.cli.train import add_data_option
from cep_core.data.mnist import load, wherever
from cep_core.fields import shown
from cep_core.runs.files import InUseError, RunError, expect_folder
from cep_core.runs.row import SpecError
from cep_core.terminal import INTERVAL, interrupted, say
from cep_core.workers import Workers
from reproduce.runs.jobs import Job, trained
from reproduce.runs.side_by_side import each_trained
from reproduce.sweep.cluster import Cluster
from reproduce.sweep.spec import jobs_of, read_sweep
from reproduce.sweep.standing import (
    line_of,
    line_of_run,
    log_of,
    standing_of,
    told_every,
)

SWEEPS = Path(__file__).parent.parent / "experiments" / "sweeps"


def add_command(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the ``sweep`` command to the command line."""
    parser = subparsers.add_parser(
        "sweep",
        help="train many runs: rows by seeds by what is varied",
        description="Trains every run of a sweep, several side by side, each in a resumable "
        "directory of its own. Stopped at any moment, begun again, extended, or begun twice, it "
        "trains no epoch of a run twice. Exit code 0: all done; 1: a run failed or diverged; 2: "
        "bad input; 130: interrupted.",
    )
    parser.add_argument(
        "sweep", metavar="SWEEP", help=f"a .toml file, or one of {', '.join(sweep_names())}"
    )
    parser.add_argument("--runs", type=Path, default=Path("build") / "runs", help="folder of runs")
    parser.add_argument(
        "--jobs", type=int, default=min(2, os.cpu_count() or 1), help="runs side by side"
    )
    parser.add_argument(
        "--scheduler",
        metavar="tcp://HOST:PORT|FILE",
        help="train on the workers of this dask.distributed scheduler in place of --jobs processes",
    )
    parser.add_argument("--epochs", type=int, help="epochs of every run, whatever the sweep says")
    add_data_option(parser)
    parser.add_argument(
        "--status", action="store_true", help="say how far every run has come, and train nothing"
    )
    parser.set_defaults(command=command)


def sweep_names() -> list[str]:
    """Names of the sweeps that come with the project."""
    return sorted(path.stem for path in SWEEPS.glob("*.toml"))


def command(arguments: argparse.Namespace) -> int:
    """Train, or say how far it has come; return the exit code."""
    torch.set_num_threads(1)
    for field in ("jobs", "epochs"):
        value = getattr(arguments, field)
        if value is not None and value < 1:
            raise RunError(f"{field}: expected a positive integer, found {value}")
    expect_folder(arguments.runs)
    blocks = read_sweep(_path_of(arguments.sweep))
    runs, source = arguments.runs, arguments.data
    if arguments.scheduler is not None:  # its workers are in folders of their own
        runs, source = runs.resolve(), wherever(source)
    jobs = jobs_of(blocks, load(source), runs, arguments.epochs)
    if arguments.status:
        for job in jobs:
            say(line_of_run(standing_of(job)))
        say(line_of([standing_of(job) for job in jobs], arguments.jobs))
        return 0
    left = [job for job in jobs if job.results is None]
    pool = _pool(arguments, left)

    def tell() -> None:
        say(line_of([standing_of(job) for job in jobs], pool.processes))

    tell()
    try:
        with told_every(INTERVAL, tell):
            failed = train_all(left, source, pool)
    except KeyboardInterrupt:
        tell()
        return interrupted(arguments.runs)
    tell()
    for reason in failed:
        say(f"failed: {reason}")
    return 1 if failed else 0


def _pool(arguments: argparse.Namespace, left: Sequence[Job]) -> Workers | Cluster:
    if arguments.scheduler is not None:
        return Cluster(arguments.scheduler)
    return Workers(max(1, min(arguments.jobs, len(left))))


def train_all(left: Sequence[Job], source: str, pool: Workers | Cluster) -> list[str]:
    """Train what is not done; return which runs failed, why, and where their logs are."""
    failed: list[str] = []
    with closing(each_trained(left, partial(_train, source=source), pool)) as runs:
        for job, outcome in runs:
            if outcome.error is None:
                say(line_of_run(standing_of(job)))
            else:
                failed.append(f"{job.what}: {outcome.error} (log: {log_of(job)})")
                say(f"failed: {failed[-1]}")
    return failed


def _train(job: Job, source: str) -> None:
    """Train a run in a worker; what it says goes to its log."""
    log = log_of(job)
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("a", encoding="utf-8") as file, redirect_stdout(file):
        try:
            trained(job, source, "epochs")
        except InUseError:
            raise  # another sweep trains it, and writes the same log
        except Exception as error:
            say(f"failed: {error}")
            raise


def _path_of(name: str) -> Path:
    if name in sweep_names():
        return SWEEPS / f"{name}.toml"
    if name.endswith(".toml"):
        return Path(name)
    raise SpecError(
        f"sweep: expected one of {', '.join(sweep_names())}, or a .toml file, found {shown(name)}"
    )
