"""Several runs at a time, each in a process of its own, whatever becomes of one of them."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Generator, Sequence
from pathlib import Path
from typing import TypeVar

from cep_core.files import NO_ROOM
from cep_core.workers import Outcome, WorkerDiedError, Workers
from reproduce.runs.files import InUseError
from reproduce.runs.jobs import Job
from reproduce.terminal import say

Result = TypeVar("Result")

ATTEMPTS = 3
"""How often a run is begun whose process dies."""

PAUSE = 2.0
"""Seconds between two looks at a run that another process trains."""


def each_trained(
    jobs: Sequence[Job], work: Callable[[Job], Result], processes: int
) -> Generator[tuple[Job, Outcome[Result]]]:
    """Train the jobs; yield each when it is done or has failed.

    A run whose process dies is begun again where it was, and one that another process trains is
    waited for. One that fails does not stop the others.

    Args:
        jobs: what to train.
        work: trains one; a function that can be pickled.
        processes: how many at a time.

    Raises:
        OSError: the disk is full or takes nothing more: no other run could write either.

    """
    deaths: Counter[Path] = Counter()
    with Workers(max(1, min(processes, len(jobs)))) as workers:
        left = list(jobs)
        while left:
            again = []
            for job, outcome in workers.each_done(work, left):
                error = outcome.error
                if isinstance(error, OSError) and error.errno in NO_ROOM:
                    raise error
                deaths[job.folder] += isinstance(error, WorkerDiedError)
                if isinstance(error, InUseError):
                    again.append(job)
                elif isinstance(error, WorkerDiedError) and deaths[job.folder] < ATTEMPTS:
                    say(f"begun again where it was, as {error}: {job.what}")
                    again.append(job)
                else:
                    yield job, outcome
            left = again
            if left:
                time.sleep(PAUSE)
