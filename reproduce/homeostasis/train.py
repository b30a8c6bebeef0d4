"""Training one run of an experiment into a directory, resumable at every epoch, bit for bit."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

from cep_core.data.mnist import CLASSES, Dataset
from cep_core.runs.directory import essence
from cep_core.runs.epochs import Show
from cep_core.runs.subject import MEASURED, Subject
from cep_core.runs.train import train_alone
from reproduce.homeostasis.measures import measures
from reproduce.homeostasis.settings import Experiment, Settings

NUMERICS = 2
"""Version of the arithmetic: raised by whatever changes the bits of a run."""

DTYPE = torch.float32


@dataclass(frozen=True)
class Job:
    """One run: of which experiment, under which name, with which seed."""

    experiment: Experiment
    name: str
    seed: int

    @property
    def settings(self) -> Settings:
        """What is trained."""
        return self.experiment.runs[self.name]

    @property
    def place(self) -> Path:
        """Folder of the run, below that of all runs."""
        return Path(self.experiment.name) / f"{self.name}-seed{self.seed}"

    @property
    def subject(self) -> Subject:
        """The run as the loop over epochs sees it."""
        settings = self.settings

        def measured(data: Dataset, parameters: Mapping[str, torch.Tensor]) -> dict[str, Any]:
            return measures(settings, data, parameters)

        return Subject(
            name=f"{self.experiment.name}/{self.name}",
            title=self.experiment.titles[self.name],
            epochs=settings.epochs,
            batch=settings.batch,
            classes=CLASSES,
            measures=measured,
            measured_over={
                "measured_over": f"the first {MEASURED} test images, before training and every "
                "epoch"
            },
            why_diverged="rate or coefficient too large",
            measured_before=True,
        )

    def identity(self, data: Dataset) -> dict[str, Any]:
        """Everything that the bits depend on, on one machine; the length is not part of it."""
        return essence(
            {
                "kind": "homeostasis",
                "spec": self.settings.as_json(),
                "seed": self.seed,
                "data": data.sha256,
                "engine": "reference",
                "dtype": str(DTYPE).removeprefix("torch."),
                "numerics": NUMERICS,
            }
        )


def train(
    job: Job, data: Dataset, runs: Path, *, epochs: int | None = None, show: Show = "all"
) -> dict[str, Any]:
    """Train until ``epochs`` epochs are done, from wherever the directory stands.

    Args:
        job: what to train.
        data: on what.
        runs: folder of all runs; the run's own is made in it.
        epochs: how many in all; the settings' number unless given.
        show: what is said meanwhile.

    Returns:
        The contents of ``results.json``; from disk, at once, if the run is already that long.

    Raises:
        RunError: the directory belongs to something else.
        DivergedError: a parameter is not finite; the last sound epoch stays.

    """
    wanted = job.settings.epochs if epochs is None else epochs
    learner = job.settings.make_learner(
        job.settings.initial(job.seed, DTYPE), _seed_of_draws(job.seed)
    )
    return train_alone(
        learner,
        job.subject,
        data,
        runs / job.place,
        job.identity(data),
        seed=job.seed,
        dtype=DTYPE,
        wanted=wanted,
        show=show,
    )


def _seed_of_draws(seed: int) -> int:
    """Seed of the penalty's draws, independent of that of the initial parameters."""
    return int(np.random.default_rng([seed, 1]).integers(2**62))
