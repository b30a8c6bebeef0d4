"""Several runs at a time, each in a process of its own, whatever becomes of one of them."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Protocol, Self, TypeVar

from cep_core.files import NO_ROOM
from cep_core.runs.files import InUseError
from cep_core.terminal import say
from cep_core.workers import Outcome, WorkerDiedError
from reproduce.runs.jobs import Job

Result = TypeVar("Result")

ATTEMPTS = 3
"""How often a run is begun whose process dies."""

PAUSE = 2.0
"""Seconds between two looks at a run that another process trains."""


class Pool(Protocol):
    """Processes, as a context: :class:`cep_core.workers.Workers`, or those of a cluster."""

    def __enter__(self) -> Self:
        """Return itself."""

    def __exit__(self, kind: type[BaseException] | None, /, *_: object) -> None:
        """End what they do, at once if there was an exception."""

    def each_done(
        self, work: Callable[[Job], Result], items: Iterable[Job], /
    ) -> Iterator[tuple[Job, Outcome[Result]]]:
        """Do the work for every item; yield each as it is done."""


def each_trained(
    jobs: Sequence[Job], work: Callable[[Job], Result], pool: Pool
) -> Generator[tuple[Job, Outcome[Result]]]:
    """Train the jobs; yield each when it is done or has failed.

    A run whose process dies is begun again where it was, and one that another process trains is
    waited for. One that fails does not stop the others.

    Args:
        jobs: what to train.
        work: trains one; a function that can be pickled.
        pool: does it; not yet entered.

    Raises:
        OSError: the disk is full or takes nothing more: no other run could write either.

    """
    deaths: Counter[Path] = Counter()
    with pool as workers:
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
