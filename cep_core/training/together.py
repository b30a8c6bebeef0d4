"""An epoch of several networks at once, each on its own order of the samples."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch

from cep_core.fast.engine import BatchedEngine
from cep_core.training.epochs import EpochPlan, Samples, as_input, mini_batches


@torch.inference_mode()
def train_epoch_together(
    engine: BatchedEngine,
    samples: Samples,
    plans: Sequence[EpochPlan],
    *,
    batch: int,
    classes: int,
    dtype: torch.dtype,
    progress: Callable[[int], object] | None = None,
) -> list[float]:
    """Learn every mini-batch of each network's plan once; return the running training errors.

    The counterpart of :func:`cep_core.training.epochs.train_epoch`, with its other arguments.

    Args:
        engine: what learns.
        samples: training samples, on the engine's device.
        plans: order and signs of every network; the signs must be the same for all.
        batch: size of a mini-batch; the last may be smaller.
        classes: size of the output layer.
        dtype: dtype of the engine's parameters.
        progress: called after every mini-batch with the number of one network's samples.

    Returns:
        Percentage of the training samples that each network misclassified.

    Raises:
        ValueError: the signs of two networks differ.

    """
    signs = plans[0].signs
    if any(plan.signs != signs for plan in plans):
        raise ValueError("signs: expected the same for every network, found different ones")
    orders = torch.stack([plan.order for plan in plans]).to(samples.labels.device)
    batches = mini_batches(samples, orders, batch=batch, classes=classes, dtype=dtype)
    predicted = []
    for (x, y), sign in zip(batches, signs, strict=True):
        predicted.append(engine.learn(x, y, sign).argmax(dim=2))
        if progress is not None:
            progress(x.shape[1])
    wrong = torch.cat(predicted, dim=1) != samples.labels[orders]
    return [100 * count / len(samples) for count in wrong.sum(dim=1).tolist()]


@torch.inference_mode()
def error_rates(engine: BatchedEngine, samples: Samples, *, dtype: torch.dtype) -> list[float]:
    """Percentage of the samples whose largest output is not their label, for every network."""
    seeds = engine.weights.drive.shape[0]
    predicted = engine.predict(as_input(samples.images, dtype).expand(seeds, -1, -1)).argmax(dim=2)
    wrong = (predicted != samples.labels.long()).sum(dim=1)
    return [100 * count / len(samples) for count in wrong.tolist()]
