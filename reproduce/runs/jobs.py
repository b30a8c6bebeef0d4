"""Runs that are to be trained, each in a directory that its identity names."""

from __future__ import annotations

import functools
import glob
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cep_core.data.mnist import Dataset, load
from cep_core.runs.directory import hash_of, opened, results_in
from cep_core.runs.epochs import Show
from cep_core.runs.train import Request, identity_of, train
from reproduce.runs.results import name_of


@dataclass(frozen=True)
class Job:
    """One run.

    Attributes:
        request: what to train.
        identity: what its bits depend on.
        folder: where.
        epochs: for how long.

    """

    request: Request
    identity: dict[str, Any]
    folder: Path
    epochs: int

    @property
    def results(self) -> dict[str, Any] | None:
        """Results on disk, if the run is already long enough."""
        return results_in(self.folder, self.identity, self.epochs)

    @property
    def what(self) -> str:
        """Row, what differs from it, and seed, for a reader."""
        name = name_of(self.request.row.name, self.request.seed, self.identity)
        return name.with_suffix("").as_posix()


def job(request: Request, data: Dataset, runs: Path, epochs: int | None) -> Job:
    """Return a job whose directory's name carries its identity, so that no two ever meet there.

    A directory that an older version named by more than that is used if it is this run's.
    """
    identity = identity_of(request, request.make_engine().name, data)
    row = request.row
    stem = f"{row.name}-{row.nudge}-seed{request.seed}-"
    folder = runs / f"{stem}{hash_of(identity)[:12]}"
    if not folder.exists():
        others = (
            other for other in sorted(runs.glob(f"{glob.escape(stem)}*")) if opened(other, identity)
        )
        folder = next(others, folder)
    return Job(request, identity, folder, row.epochs if epochs is None else epochs)


def trained(job: Job, source: str, show: Show) -> dict[str, Any]:
    """Train a job on the data set called ``source``; return its results."""
    return train(job.request, data_named(source), job.folder, epochs=job.epochs, show=show)


@functools.cache
def data_named(source: str) -> Dataset:
    """Return a data set, loaded once in a process; see :func:`cep_core.data.mnist.load`."""
    return load(source)
