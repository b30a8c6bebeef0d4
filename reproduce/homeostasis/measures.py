"""What is measured of a directed network along its training: alignment, asymmetry, settling.

In float64, on the first images of the test set.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import torch

from cep_core.data.mnist import CLASSES, Dataset
from cep_core.estimators import RelaxedAdjoint, cosines
from cep_core.homeostasis import antisymmetric_loss, blocks, neurons_of
from cep_core.learning import one_hot
from cep_core.phases import change_by_sample
from cep_core.runs.subject import MEASURED, rounded
from cep_core.training.epochs import as_input
from reproduce.homeostasis.settings import Settings

ADJOINT = RelaxedAdjoint(steps=400, tolerance=1e-9)

UNSETTLED = 1e-3
"""Largest change in the free phase's last step above which a sample counts as unsettled."""


def measures(
    settings: Settings, data: Dataset, parameters: Mapping[str, torch.Tensor]
) -> dict[str, Any]:
    """Measure a network at these parameters.

    Returns:
        ``cosines`` of the estimate to the adjoint, per layer, output first; ``asymmetry``,
        ``|W - W^T|^2 / (2 n)``, the homeostatic loss in closed form; ``symmetric``, the share
        ``|S| / (|S| + |A|)`` of the halves of ``W``; ``residual``, the largest change of any neuron
        in the free phase's last step; of the samples, the share that is ``unsettled`` by more than
        :data:`UNSETTLED`, and the share that is ``cycling``: unsettled, and less far from two steps
        before than a tenth of what is left of the last one. None stands for what is not finite.

    """
    exact = {name: value.double() for name, value in parameters.items()}
    learner = settings.make_learner(exact)
    x = as_input(data.test_images[:MEASURED], torch.float64)
    y = one_hot(data.test_labels[:MEASURED], CLASSES, torch.float64)
    estimate = learner.estimate(x, y, learner.estimator).signal
    adjoint = learner.estimate(x, y, ADJOINT).signal
    network = learner.network
    return {
        "cosines": [rounded(c) for c in cosines(estimate, adjoint)],
        "asymmetry": rounded(antisymmetric_loss(network, exact).value),
        "symmetric": rounded(_symmetric_share(settings, exact)),
        **_settling(settings, x, exact),
    }


def _symmetric_share(settings: Settings, parameters: dict[str, torch.Tensor]) -> float:
    network = settings.make_network()
    total = sum(
        float(b.square().sum())
        for b in blocks(network.connections(parameters), parameters).values()
    )
    odd = antisymmetric_loss(network, parameters).value * neurons_of(network, parameters) / 2
    even = max(total - odd, 0.0)
    halves = math.sqrt(even) + math.sqrt(odd)
    return math.sqrt(even) / halves if halves else math.nan


def _settling(
    settings: Settings, x: torch.Tensor, parameters: dict[str, torch.Tensor]
) -> dict[str, Any]:
    """Residual, and the shares of samples that do not settle."""
    learner = settings.make_learner(parameters)
    with torch.no_grad():
        free, network, drive = learner.settle(x)
        states = [free.state]
        for _ in range(2):
            states.append(network.transition(drive, states[-1], parameters))
    last, before, first = reversed(states)
    moved, returned = change_by_sample(before, last), change_by_sample(first, last)
    unsettled = moved > UNSETTLED
    return {
        "residual": rounded(free.residual),
        "unsettled": rounded(float(unsettled.double().mean())),
        "cycling": rounded(float((unsettled & (returned < 0.1 * moved)).double().mean())),
    }
