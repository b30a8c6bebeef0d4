"""The asymmetry that the checker tells is that of the Jacobian, whatever direction is drawn."""

import re

import pytest
import torch

from cep_core import VectorFieldNetwork, gducheck


def asymmetry_told(forward, backward):
    """Of a linear field between two layers, whose Jacobian holds these two blocks."""

    def field(x, state, theta):
        out, hidden = state
        return hidden @ theta["F"].T, out @ theta["B"].T + x

    generator = torch.Generator().manual_seed(4)
    result = gducheck(
        VectorFieldNetwork(field),
        torch.rand(2, 6, generator=generator).double(),
        torch.rand(2, 4, generator=generator).double(),
        {"F": forward, "B": backward},
        start=(torch.zeros(2, 4).double(), torch.zeros(2, 6).double()),
        rule="C-VF",
    )
    (told,) = re.findall(r"relative asymmetry ([\d.e+-]+)", "\n".join(result.causes))
    return float(told)


@pytest.mark.parametrize(("mixed", "expected"), [(0.0, 0.7), (0.9, None)])
def test_the_relative_asymmetry_is_that_of_the_weights(mixed, expected):
    generator = torch.Generator().manual_seed(3)
    forward, other = (torch.randn(4, 6, generator=generator).double() / 5 for _ in range(2))
    backward = -(mixed * forward + (1 - mixed**2) ** 0.5 * other).T  # opposite, in part
    jacobian = torch.zeros(10, 10).double()
    jacobian[:4, 4:], jacobian[4:, :4] = forward, backward
    exact = float((jacobian - jacobian.T).norm() / (2 * jacobian.norm()))
    assert expected is None or exact == pytest.approx(expected, abs=0.15)
    assert asymmetry_told(forward, backward) == pytest.approx(exact, rel=0.35)
