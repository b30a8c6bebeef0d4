"""Weights that a short training leaves, made when they are asked for: none are stored."""

from __future__ import annotations

from functools import cache

import torch

from cep_core.arrays import Parameters
from cep_core.data.mnist import embedded
from cep_core.learning import Procedure
from cep_core.networks import EnergyBased, Prototypical
from cep_core.networks.initial import initial_parameters
from cep_core.rules import EP
from cep_core.training.choose import make_engine
from cep_core.training.epochs import Samples, epoch_plan, train_epoch


@cache
def trained(
    network: EnergyBased | Prototypical,
    *,
    epochs: int,
    batch: int,
    rate: float,
    sizes: tuple[int, ...] = (784, 512, 10),
    seed: int = 0,
) -> Parameters:
    """Train by EP in float32 on the embedded digits; return the parameters in float64.

    ``beta`` is 0.5 with a random sign, T = 30, K = 10; the learning rate doubles from layer to
    layer towards the input, as in the paper's experiments. The fast engine trains what it can.

    Args:
        network: one hidden layer or more, on tensors.
        epochs: over the 4,000 training digits.
        batch: size of a mini-batch.
        rate: learning rate of the output layer.
        sizes: from input to output.
        seed: of the initial weights, the order of the samples and the signs.

    Raises:
        DataError: the embedded digits are missing or damaged.

    """
    data = embedded()
    samples = Samples(data.train_images, data.train_labels)
    start = initial_parameters(
        sizes, generator=torch.Generator().manual_seed(seed), dtype=torch.float32
    )
    procedure = Procedure(EP, beta=0.5, free_steps=30, nudged_steps=10)
    rates = {name: rate * 2.0 ** int(name.split("_")[1]) for name in start}
    engine = make_engine("fast", network, procedure, start, rates).engine
    for epoch in range(1, epochs + 1):
        plan = epoch_plan(
            seed=seed, epoch=epoch, samples=len(samples), batch=batch, positive_probability=0.5
        )
        train_epoch(engine, samples, plan, batch=batch, classes=sizes[-1], dtype=torch.float32)
    return {name: value.double() for name, value in engine.parameters().items()}
