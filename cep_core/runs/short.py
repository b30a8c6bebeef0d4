"""A short training of a row of which nothing is written down."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace

import torch

from cep_core.data.mnist import CLASSES, Dataset
from cep_core.networks import Network
from cep_core.rules import Rule
from cep_core.runs.row import Row
from cep_core.training.engine import ReferenceEngine
from cep_core.training.epochs import Samples, epoch_plan, error_rate, first_not_finite, train_epoch


def short_training(
    row: Row,
    data: Dataset,
    seed: int,
    *,
    network: Network,
    rule: Rule,
    epochs: int,
    samples: int | None = None,
    progress: Callable[[int], object] | None = None,
) -> list[tuple[float, float]]:
    """Train by the definition in float32, with a network and a rule in place of the row's.

    Args:
        row: weights, rates, nudging and counts.
        data: what is learned and tested.
        seed: of the weights, the order of the samples and the signs of ``beta``.
        network: what is trained; its parameters are those of the row's.
        rule: what learns.
        epochs: how many.
        samples: how many of the training samples are learned, the first; all if None.
        progress: called after every mini-batch with the number of its samples.

    Returns:
        Running training error and test error in percent after every epoch, up to one that ends
        with a parameter that is not finite: both are NaN there.

    """
    theta = row.initial(seed, torch.float32)
    procedure = replace(row.procedure, rule=rule)
    engine = ReferenceEngine(network, procedure, theta, row.rates(theta))
    learned = Samples(data.train_images[:samples], data.train_labels[:samples])
    tested = Samples(data.test_images, data.test_labels)
    errors: list[tuple[float, float]] = []
    for epoch in range(1, epochs + 1):
        plan = epoch_plan(
            seed=seed,
            epoch=epoch,
            samples=len(learned),
            batch=row.batch,
            positive_probability=row.positive_probability,
        )
        train_error = train_epoch(
            engine,
            learned,
            plan,
            batch=row.batch,
            classes=CLASSES,
            dtype=torch.float32,
            progress=progress,
        )
        if first_not_finite(engine.parameters()) is not None:
            return [*errors, (math.nan, math.nan)]
        errors.append((train_error, error_rate(engine, tested, dtype=torch.float32)))
    return errors
