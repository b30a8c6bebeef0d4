"""Weights made by a short training: the same every time, and not those it started from."""

from __future__ import annotations

import torch

from cep_core.networks.initial import initial_parameters
from theory.methods.certified import prototypical
from theory.points.trained import trained

SIZES = (784, 12, 10)


def test_a_short_training_is_repeatable_and_changes_every_parameter():
    network = prototypical("inside")
    options = {"epochs": 1, "batch": 200, "rate": 0.05, "sizes": SIZES}
    found = trained(network, **options)
    again = trained.__wrapped__(network, **options)
    start = initial_parameters(SIZES, generator=torch.Generator().manual_seed(0))
    for name, value in found.items():
        assert value.dtype == torch.float64
        assert torch.equal(value, again[name])
        assert not torch.allclose(value, start[name], atol=1e-4)
