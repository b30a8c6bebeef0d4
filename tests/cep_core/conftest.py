import pytest
import torch

from cep_core.networks.initial import initial_parameters


@pytest.fixture
def make():
    """Seeded input, target and parameters for given sizes, input first."""

    def build(sizes, *, batch=2, seed=0, **options):
        generator = torch.Generator().manual_seed(seed)
        parameters = initial_parameters(sizes, generator=generator, **options)
        x = torch.rand(batch, sizes[0], generator=generator, dtype=torch.float64)
        y = torch.rand(batch, sizes[-1], generator=generator, dtype=torch.float64)
        return x, y, parameters

    return build
