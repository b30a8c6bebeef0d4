"""The loop over epochs: of a run alone, or of several that learn in step."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Any, Literal, Protocol

import torch

from cep_core.data.mnist import Dataset
from cep_core.fast import BatchedEngine
from cep_core.runs.record import Recorder, why_unfit
from cep_core.runs.subject import Subject
from cep_core.terminal import progress, say
from cep_core.training.checkpoints import latest_common
from cep_core.training.engine import Engine, restore, state_of
from cep_core.training.epochs import (
    EpochPlan,
    Samples,
    epoch_plan,
    error_rate,
    first_not_finite,
    train_epoch,
)
from cep_core.training.together import error_rates, train_epoch_together

State = dict[str, torch.Tensor]
"""Parameters and what a rule remembers, named by :func:`cep_core.training.engine.state_of`."""

Show = Literal["all", "epochs", "warnings"]
"""What a run says: everything, with progress within epochs; a line an epoch; only warnings."""


class DivergedError(ArithmeticError):
    """Training left the numbers: a parameter is no longer finite."""


class Learners(Protocol):
    """Networks that learn in step, one per run; lists are in the order of the runs."""

    def restore(self, states: Sequence[State]) -> None:
        """Replace parameters and memory by copies of these states."""

    def states(self) -> list[State]:
        """Return copies of everything that the next epoch depends on."""

    def train_epoch(
        self,
        samples: Samples,
        plans: Sequence[EpochPlan],
        *,
        batch: int,
        classes: int,
        dtype: torch.dtype,
        progress: Callable[[int], object],
    ) -> list[float]:
        """Learn an epoch; return the running training errors in percent."""

    def error_rates(self, samples: Samples, *, dtype: torch.dtype) -> list[float]:
        """Return the errors on the samples in percent."""


class Alone:
    """One network."""

    def __init__(self, engine: Engine) -> None:
        """Train the network that ``engine`` holds."""
        self._engine = engine

    def restore(self, states: Sequence[State]) -> None:
        """Replace the state; see :class:`Learners`."""
        (state,) = states
        restore(self._engine, state)

    def states(self) -> list[State]:
        """Return the state; see :class:`Learners`."""
        return [state_of(self._engine)]

    def train_epoch(
        self, samples: Samples, plans: Sequence[EpochPlan], **options: Any
    ) -> list[float]:
        """Learn an epoch; see :class:`Learners`."""
        (plan,) = plans
        return [train_epoch(self._engine, samples, plan, **options)]

    def error_rates(self, samples: Samples, *, dtype: torch.dtype) -> list[float]:
        """Return the error; see :class:`Learners`."""
        return [error_rate(self._engine, samples, dtype=dtype)]


class AtOnce:
    """Several networks in batched products."""

    def __init__(self, engine: BatchedEngine) -> None:
        """Train the networks that ``engine`` holds."""
        self._engine = engine

    def restore(self, states: Sequence[State]) -> None:
        """Replace the parameters: no rule within reach remembers; see :class:`Learners`."""
        self._engine.load(states)

    def states(self) -> list[State]:
        """Return the parameters; see :class:`Learners`."""
        return self._engine.parameters()

    def train_epoch(
        self, samples: Samples, plans: Sequence[EpochPlan], **options: Any
    ) -> list[float]:
        """Learn an epoch; see :class:`Learners`."""
        return train_epoch_together(self._engine, samples, plans, **options)

    def error_rates(self, samples: Samples, *, dtype: torch.dtype) -> list[float]:
        """Return the errors; see :class:`Learners`."""
        return error_rates(self._engine, samples, dtype=dtype)


def train_epochs(
    learners: Learners,
    runs: Sequence[Recorder],
    subject: Subject,
    data: Dataset,
    dtype: torch.dtype,
    wanted: int,
    *,
    show: Show,
) -> list[dict[str, Any]]:
    """Train from the newest epoch that every run has until ``wanted`` epochs are done.

    Args:
        learners: what learns, at its initial parameters; its device is where the samples go.
        runs: where each run is written down.
        subject: what is trained.
        data: on what.
        dtype: of the parameters.
        wanted: how many epochs in all.
        show: what is said meanwhile.

    Returns:
        The contents of every ``results.json``; its seconds are a run's share of the epoch's.

    Raises:
        DivergedError: a parameter is not finite; the last sound epoch of every run stays.

    """
    name = _name(subject, runs)
    begun, device = _resume(learners, runs, subject)
    if begun and show != "warnings":
        say(f"{name}: resumed after epoch {begun}")
    images, labels = data.train_images[: subject.samples], data.train_labels[: subject.samples]
    train_samples = Samples(images, labels).to(device)
    test_samples = Samples(data.test_images, data.test_labels).to(device)
    for epoch in range(begun + 1, wanted + 1):
        started = time.monotonic()
        plans = [
            epoch_plan(
                seed=run.seed,
                epoch=epoch,
                samples=len(train_samples),
                batch=subject.batch,
                positive_probability=subject.positive_probability,
            )
            for run in runs
        ]
        what = f"{name}: epoch {epoch}/{wanted}"
        with progress(what, len(train_samples), "image", quiet=show != "all") as advance:
            train_errors = learners.train_epoch(
                train_samples,
                plans,
                batch=subject.batch,
                classes=subject.classes,
                dtype=dtype,
                progress=advance,
            )
        learned = _on_cpu(learners.states())
        for run, state in zip(runs, learned, strict=True):
            _refuse_divergence(run, subject, epoch, state)
        test_errors = learners.error_rates(test_samples, dtype=dtype)
        seconds = time.monotonic() - started
        for run, state, test_error, train_error in zip(
            runs, learned, test_errors, train_errors, strict=True
        ):
            run.add(
                state,
                test_error=test_error,
                train_error=train_error,
                seconds=seconds / len(runs),
            )
        if show != "warnings":
            say(
                f"{what}: test error {_listed(test_errors)} %, training error "
                f"{_listed(train_errors)} % ({seconds:.1f} s)"
            )
    return [run.finish() for run in runs]


def _resume(
    learners: Learners, runs: Sequence[Recorder], subject: Subject
) -> tuple[int, torch.device]:
    """Load the newest epoch that every run has; return its number and the learners' device."""
    initial = learners.states()
    device = next(iter(initial[0].values())).device
    found = latest_common(
        [(run.place.folder, run.place.run) for run in runs],
        warn=say,
        why_unfit=lambda checkpoint: why_unfit(
            checkpoint, initial[0], measured_before=subject.measured_before
        ),
    )
    if found:
        learners.restore(
            [{n: v.to(device) for n, v in checkpoint.parameters.items()} for checkpoint in found]
        )
    for number, (run, state) in enumerate(zip(runs, _on_cpu(initial), strict=True)):
        run.begin(found[number] if found else None, state)
    return (found[0].epoch if found else 0), device


def _refuse_divergence(run: Recorder, subject: Subject, epoch: int, state: State) -> None:
    lost = first_not_finite(state)
    if lost is not None:
        run.diverge(lost)
        raise DivergedError(
            f"{subject.name} seed {run.seed} diverged in epoch {epoch}: {lost} is not finite; "
            f"{run.place.folder} keeps the epochs before. Likely causes: {subject.why_diverged}"
        )


def _on_cpu(states: Sequence[State]) -> list[State]:
    return [{name: value.cpu() for name, value in state.items()} for state in states]


def _name(subject: Subject, runs: Sequence[Recorder]) -> str:
    seeds = ", ".join(str(run.seed) for run in runs)
    return f"{subject.name} seed{'s' if len(runs) > 1 else ''} {seeds}"


def _listed(errors: Sequence[float]) -> str:
    return ", ".join(f"{error:.2f}" for error in errors)
