"""One epoch: the samples, what chance decides, the mini-batches and the errors."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import torch

from cep_core.arrays import Parameters
from cep_core.learning import one_hot
from cep_core.training.engine import Engine, parts

PREPARED = 16
"""Mini-batches whose inputs are scaled at once, so that starting the operations costs little."""


@dataclass(frozen=True)
class EpochPlan:
    """What chance decides in one epoch.

    Attributes:
        order: indices of the training samples, shape ``(samples,)``, int64.
        signs: sign of ``beta`` of every mini-batch, the last, smaller one included.

    """

    order: torch.Tensor
    signs: tuple[int, ...]


def epoch_plan(
    *, seed: int, epoch: int, samples: int, batch: int, positive_probability: float = 1.0
) -> EpochPlan:
    """Draw the order of the samples and the signs of ``beta`` from ``(seed, epoch)`` alone.

    So an epoch is the same whether or not the run was interrupted before it.

    Args:
        seed: seed of the run, not negative.
        epoch: counted from 1.
        samples: number of training samples.
        batch: size of a mini-batch.
        positive_probability: probability of a positive ``beta``, drawn for each mini-batch.

    """
    chance = np.random.default_rng([seed, epoch])
    order = torch.from_numpy(chance.permutation(samples))
    drawn = chance.random(-(-samples // batch))
    return EpochPlan(order, tuple(1 if u < positive_probability else -1 for u in drawn))


@dataclass(frozen=True)
class Samples:
    """Labelled images on the device that trains.

    Attributes:
        images: pixels from 0 to 255, uint8, shape ``(samples, size_x)``.
        labels: classes, shape ``(samples,)``.

    """

    images: torch.Tensor
    labels: torch.Tensor

    def __len__(self) -> int:
        """Return the number of samples."""
        return len(self.labels)

    def to(self, device: torch.device) -> Samples:
        """Return the same samples on ``device``."""
        return Samples(self.images.to(device), self.labels.to(device))


def as_input(images: torch.Tensor, dtype: torch.dtype) -> torch.Tensor:
    """Pixels in [0, 1], same shape."""
    return images.to(dtype) / 255


def mini_batches(
    samples: Samples, order: torch.Tensor, *, batch: int, classes: int, dtype: torch.dtype
) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
    """Inputs and targets of successive mini-batches.

    Args:
        samples: labelled images.
        order: indices of the samples, shape ``(..., samples)``, int64, on their device.
        batch: size ``B`` of a mini-batch; the last may be smaller.
        classes: size of the output layer.
        dtype: dtype of inputs and targets.

    Yields:
        ``x``, shape ``(..., B, size_x)``, and ``y``, shape ``(..., B, classes)``.

    """
    targets = one_hot(samples.labels, classes, dtype)
    for chosen in torch.split(order, PREPARED * batch, dim=-1):
        images, y = (
            rows.index_select(0, chosen.flatten()).view(*chosen.shape, -1)
            for rows in (samples.images, targets)
        )
        x = as_input(images, dtype)
        yield from zip(torch.split(x, batch, -2), torch.split(y, batch, -2), strict=True)


def train_epoch(
    engine: Engine,
    samples: Samples,
    plan: EpochPlan,
    *,
    batch: int,
    classes: int,
    dtype: torch.dtype,
    progress: Callable[[int], object] | None = None,
) -> float:
    """Learn every mini-batch of ``plan`` once and return the running training error.

    The error is measured as the authors do: on each mini-batch's free phase, before it is learned,
    with the parameters of that moment.

    Args:
        engine: what learns.
        samples: training samples.
        plan: order and signs.
        batch: size of a mini-batch; the last may be smaller.
        classes: size of the output layer.
        dtype: dtype of inputs and targets, that of the engine's parameters.
        progress: called after every mini-batch with the number of its samples.

    Returns:
        Percentage of the training samples that were misclassified.

    """
    order = plan.order.to(samples.labels.device)
    batches = mini_batches(samples, order, batch=batch, classes=classes, dtype=dtype)
    predicted = []
    for (x, y), sign in zip(batches, plan.signs, strict=True):
        predicted.append(engine.learn(x, y, sign).argmax(dim=1))
        if progress is not None:
            progress(len(x))
    wrong = torch.cat(predicted) != samples.labels[order]
    return 100 * int(wrong.sum()) / len(samples)


def error_rate(engine: Engine, samples: Samples, *, dtype: torch.dtype, rows: int = 1000) -> float:
    """Percentage of the samples whose largest output after the free phase is not their label."""
    wrong = 0
    pairs = zip(parts(samples.images, rows), parts(samples.labels, rows), strict=True)
    for images, labels in pairs:
        predicted = engine.predict(as_input(images, dtype)).argmax(dim=1)
        wrong += int((predicted != labels.long()).sum())
    return 100 * wrong / len(samples)


def first_not_finite(parameters: Parameters) -> str | None:
    """Return the name of a parameter that holds a NaN or an infinity, or None."""
    for name, value in parameters.items():
        if not bool(torch.isfinite(value).all()):
            return name
    return None
