"""Training one run of an experiment into a directory, resumable at every epoch, bit for bit."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

from cep_core.data.mnist import CLASSES, Dataset
from cep_core.training.checkpoints import Checkpoint, latest, save
from cep_core.training.engine import parts
from cep_core.training.epochs import Samples, as_input, epoch_plan, first_not_finite, mini_batches
from cep_core.training.homeostatic import HomeostaticLearner
from reproduce.homeostasis.measures import MEASURED, measures
from reproduce.homeostasis.settings import Experiment, Settings
from reproduce.runs.directory import RunDirectory, claimed, essence, results_in, software
from reproduce.runs.epochs import DivergedError
from reproduce.runs.record import continued, why_unfit
from reproduce.terminal import progress, say

NUMERICS = 1
"""Version of the arithmetic: raised by whatever changes the bits of a run."""

DTYPE = torch.float32
MEASURES = ("cosines", "asymmetry", "symmetric", "residual", "unsettled", "cycling")
ERRORS = ("test_error", "train_error", "seconds")


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

    def identity(self, data: Dataset) -> dict[str, Any]:
        """Everything that the bits depend on, on one machine; the length is not part of it."""
        return essence(
            {
                "kind": "homeostasis",
                "spec": self.settings.as_json(),
                "seed": self.seed,
                "data": data.sha256,
                "dtype": str(DTYPE).removeprefix("torch."),
                "numerics": NUMERICS,
            }
        )


def train(
    job: Job, data: Dataset, runs: Path, *, epochs: int | None = None, quiet: bool = False
) -> dict[str, Any]:
    """Train until ``epochs`` epochs are done, from wherever the directory stands.

    Args:
        job: what to train.
        data: on what.
        runs: folder of all runs; the run's own is made in it.
        epochs: how many in all; the settings' number unless given.
        quiet: say nothing.

    Returns:
        The contents of ``results.json``; from disk, at once, if the run is already that long.

    Raises:
        RunError: the directory belongs to something else.
        DivergedError: a parameter is not finite; the last sound epoch stays.

    """
    wanted = job.settings.epochs if epochs is None else epochs
    folder, identity = runs / job.place, job.identity(data)
    finished = results_in(folder, identity, wanted)
    if finished is not None:
        return finished
    with claimed(folder, identity) as place:
        run = _Run(job, data, place, quiet=quiet)
        run.begin()
        while run.epochs < wanted:
            run.train_epoch(wanted)
        return run.finish()


def _chance(seed: int, epoch: int) -> torch.Generator:
    """Source of the penalty's draws in one epoch."""
    drawn = np.random.default_rng([seed, epoch, 1]).integers(2**62)
    return torch.Generator().manual_seed(int(drawn))


class _Run:
    """A run in its directory."""

    def __init__(self, job: Job, data: Dataset, place: RunDirectory, *, quiet: bool) -> None:
        self.job, self.data, self.place, self.quiet = job, data, place, quiet
        first = job.settings.initial(job.seed, DTYPE)
        self.learner: HomeostaticLearner = job.settings.make_learner(first, torch.Generator())
        self.history: dict[str, Any] = {name: [] for name in (*ERRORS, *MEASURES)}
        self.segments: list[dict[str, Any]] = []

    @property
    def epochs(self) -> int:
        return len(self.history["test_error"])

    def begin(self) -> None:
        """Continue from the newest checkpoint, or measure the network before it learns."""
        found = latest(self.place.folder, run=self.place.run, warn=say, why_unfit=self._why_unfit)
        if found is None:
            self.segments = continued([], 0)
            self._measure()
            self._save()
            return
        self.learner.restore(found.parameters)
        self.history = found.record["history"]
        self.segments = continued(found.record["provenance"], found.epoch)
        if found.epoch and not self.quiet:
            say(f"{self.job.place}: resumed after epoch {found.epoch}")

    def _why_unfit(self, checkpoint: Checkpoint) -> str | None:
        """Whether names, shapes and the length of the history are those of this run."""
        initial = self.learner.state()
        learned = {k: v for k, v in checkpoint.parameters.items() if k in initial}
        reduced = Checkpoint(
            checkpoint.epoch,
            learned,
            {
                **checkpoint.record,
                "history": {
                    name: checkpoint.record.get("history", {}).get(name) for name in ERRORS
                },
            },
        )
        return why_unfit(reduced, initial)

    def train_epoch(self, wanted: int) -> None:
        """Learn every mini-batch once, measure and write down."""
        started, job, settings = time.monotonic(), self.job, self.job.settings
        epoch = self.epochs + 1
        self.learner.generator = _chance(job.seed, epoch)
        samples = Samples(self.data.train_images, self.data.train_labels)
        plan = epoch_plan(seed=job.seed, epoch=epoch, samples=len(samples), batch=settings.batch)
        predicted = []
        what = f"{job.place}: epoch {epoch}/{wanted}"
        with progress(what, len(samples), "image", quiet=self.quiet) as advance:
            for x, y in mini_batches(
                samples, plan.order, batch=settings.batch, classes=CLASSES, dtype=DTYPE
            ):
                predicted.append(self.learner.learn(x, y))
                advance(len(x))
        lost = first_not_finite(self.learner.state())
        if lost is not None:
            raise DivergedError(
                f"{job.place} diverged in epoch {epoch}: {lost} is not finite; "
                f"{self.place.folder} keeps the epochs before. Likely causes: rate or coefficient "
                "too large"
            )
        wrong = torch.cat(predicted) != samples.labels[plan.order]
        self.history["train_error"].append(100 * int(wrong.sum()) / len(samples))
        self.history["test_error"].append(self._test_error())
        self.history["seconds"].append(round(time.monotonic() - started, 3))
        self._measure()
        self._save()
        self._write_results()
        if not self.quiet:
            test, training, seconds = (self.history[name][-1] for name in ERRORS)
            errors = f"test error {test:.2f} %, training error {training:.2f} %"
            say(f"{what}: {errors} ({seconds:.0f} s)")

    def _test_error(self) -> float:
        wrong = 0
        pairs = zip(
            parts(self.data.test_images, 1000), parts(self.data.test_labels, 1000), strict=True
        )
        for images, labels in pairs:
            wrong += int((self.learner.predict(as_input(images, DTYPE)) != labels.long()).sum())
        return 100 * wrong / len(self.data.test_labels)

    def _measure(self) -> None:
        found = measures(self.job.settings, self.data, self.learner.parameters())
        for name, value in found.items():
            self.history[name].append(value)

    def _save(self) -> None:
        record = {"history": self.history, "provenance": self.segments}
        checkpoint = Checkpoint(self.epochs, self.learner.state(), record)
        self.place.ensure_held()
        save(self.place.folder, checkpoint, run=self.place.run)

    def finish(self) -> dict[str, Any]:
        """Write the results and the marker that vouches for them."""
        results = self._write_results()
        self.place.finish()
        return results

    def _write_results(self) -> dict[str, Any]:
        job, data = self.job, self.data
        results: dict[str, Any] = {
            "row": f"{job.experiment.name}/{job.name}",
            "title": job.experiment.titles[job.name],
            "seed": job.seed,
            "hash": self.place.run,
            "epochs": self.epochs,
            "epochs_of_paper": job.settings.epochs,
            **self.history,
            "measured_over": f"the first {MEASURED} test images, before training and every epoch",
            "data": data.as_json(),
            "engine": "reference",
            "software": software(),
            "provenance": self.segments,
            "identity": self.place.identity,
        }
        self.place.write("results.json", results)
        return results
