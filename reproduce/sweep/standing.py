"""How far a sweep has come: read from the run directories, which are the truth."""

from __future__ import annotations

import os
import statistics
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from cep_core.runs.directory import is_held
from cep_core.runs.files import RunError, read_results
from reproduce.runs.jobs import Job

LONGEST_LINE = 10_000
"""Bytes of a log that are searched for its last line."""


class State(StrEnum):
    """Where a run stands."""

    DONE = "done"
    RUNNING = "running"
    DIVERGED = "diverged"
    FAILED = "failed"
    BEGUN = "begun"
    WAITING = "waiting"


@dataclass(frozen=True)
class RunStanding:
    """Where one run stands.

    Attributes:
        job: the run.
        state: where it stands.
        epochs: how many of the epochs that the sweep asks for are done.
        results: its results so far; None if there are none.

    """

    job: Job
    state: State
    epochs: int
    results: dict[str, Any] | None


def standing_of(job: Job) -> RunStanding:
    """Return where a run stands by its directory."""
    try:
        results = read_results(job.folder / "results.json")
    except RunError:  # not begun, or not to be trusted: training will say so
        results = None
    epochs = min(results["epochs"], job.epochs) if results else 0
    if job.results is not None:
        state = State.DONE
    elif is_held(job.folder):
        state = State.RUNNING
    elif results is not None and results.get("diverged"):
        state = State.DIVERGED
    elif _failed(job):
        state = State.FAILED
    else:
        state = State.BEGUN if results else State.WAITING
    return RunStanding(job, state, epochs, results)


def seconds_left(standings: Sequence[RunStanding], processes: int) -> float | None:
    """Estimate how long the rest takes, or None if nothing has been trained yet.

    A row's epochs are taken to last as long as they have; those of a row of which nothing is known,
    as long as the mean of the others'.
    """
    known: dict[str, list[float]] = {}
    for standing in standings:
        if standing.results is not None:
            lasted = standing.results["seconds"]
            known.setdefault(standing.job.request.row.name, []).extend(lasted)
    means = {name: statistics.fmean(lasted) for name, lasted in known.items() if lasted}
    if not means:
        return None
    usual = statistics.fmean(means.values())
    left = sum(
        (s.job.epochs - s.epochs) * means.get(s.job.request.row.name, usual)
        for s in standings
        if s.state is not State.DONE
    )
    return left / processes


def line_of(standings: Sequence[RunStanding], processes: int) -> str:
    """Say in one line how far a sweep has come."""
    count = Counter(standing.state for standing in standings)
    states = ", ".join(f"{count[state]} {state}" for state in State if count[state])
    epochs, wanted = sum(s.epochs for s in standings), sum(s.job.epochs for s in standings)
    left = seconds_left(standings, processes)
    told = "" if left is None or epochs == wanted else f", about {_duration(left)} left"
    return f"{len(standings)} runs: {states}; {epochs} of {wanted} epochs{told}"


def line_of_run(standing: RunStanding) -> str:
    """Say in one line how far a run has come."""
    done = f"{standing.epochs} of {standing.job.epochs} epochs"
    if standing.epochs and standing.results:
        done += f", test error {standing.results['test_error'][standing.epochs - 1]:.2f} %"
    return f"{standing.state:<8} {standing.job.what}: {done} ({standing.job.folder.name})"


@contextmanager
def told_every(seconds: float, tell: Callable[[], object]) -> Iterator[None]:
    """Call ``tell`` at intervals, beside whatever the block does."""
    over = threading.Event()

    def repeat() -> None:
        while not over.wait(seconds):
            tell()

    thread = threading.Thread(target=repeat, daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def _failed(job: Job) -> bool:
    """Tell whether the last thing that a run said is that it failed."""
    try:
        with log_of(job).open("rb") as log:
            log.seek(max(0, log.seek(0, os.SEEK_END) - LONGEST_LINE))
            *_, last = log.read().splitlines() or [b""]
    except OSError:
        return False
    return last.startswith(b"failed: ")


def log_of(job: Job) -> Path:
    """Return where what a run says is kept: beside its directory, which holds nothing else."""
    return job.folder.with_name(f"{job.folder.name}.log")


def _duration(seconds: float) -> str:
    minutes = round(seconds / 60)
    return f"{minutes // 60} h {minutes % 60:02d} min" if minutes >= 60 else f"{minutes} min"  # noqa: PLR2004
