"""One test for kinks: the checker and the stability bound give one answer."""

import math

import pytest
import torch

from cep_core import (
    C_EP,
    Problem,
    Prototypical,
    VectorFieldNetwork,
    Verdict,
    gducheck,
    largest_stable_kappa,
)
from cep_core.activations import HardSigmoid, Tanh
from cep_core.check.kinks import kink_along, nearest_kink

NETWORK = Prototypical((HardSigmoid(), HardSigmoid()), "inside")


def problem(shift):
    """Hidden units that are saturated or not, far from a kink or on it; an output inside."""
    generator = torch.Generator().manual_seed(0)
    parameters = NETWORK.initial_parameters((4, 5, 3), generator=generator)
    parameters = {name: value * 0.1 for name, value in parameters.items()}
    parameters["b_0"] = torch.full((3,), 0.5, dtype=torch.float64)
    parameters["b_1"] = torch.tensor([3.0, -2.0, 0.5, 0.4, 0.6], dtype=torch.float64)
    if shift is not None:  # a unit that receives nothing but its bias
        parameters["W_1_x"][2] = 0
        parameters["W_0_1"][:, 2] = 0
        parameters["b_1"][2] = 1.0 + shift
    x = torch.rand(1, 4, generator=generator, dtype=torch.float64)
    y = torch.tensor([[1.0, 0.0, 0.0]], dtype=torch.float64)
    return Problem(NETWORK, x, y, parameters).settled()


def bound(p):
    return largest_stable_kappa(p.network, p.x, p.parameters, p.rest)


def test_saturated_units_are_no_kink_for_either():
    settled = problem(None)
    assert float(settled.rest[1].max()) == 1.0  # the value of the kink, and not its place
    assert nearest_kink(NETWORK, settled.x, settled.rest, settled.parameters).distance > 0.1
    result = gducheck(NETWORK, settled.x, settled.y, settled.parameters, rule=C_EP)
    assert result.verdict is Verdict.PASS, str(result)
    assert math.isfinite(bound(settled).kappa)


def test_a_unit_on_a_kink_is_one_for_both():
    settled = problem(0.0)
    near = nearest_kink(NETWORK, settled.x, settled.rest, settled.parameters)
    assert (near.distance, near.layer, near.kink) == (0.0, 1, 1.0)
    result = gducheck(NETWORK, settled.x, settled.y, settled.parameters, rule=C_EP)
    assert result.verdict is Verdict.INCONCLUSIVE
    assert "kink" in str(result)
    with pytest.raises(ValueError, match=r"layer 1 has a unit at 1\.0, a kink of hard-sigmoid"):
        bound(settled)


def test_a_smooth_network_has_no_kink_near_or_far():
    network = Prototypical((Tanh(), Tanh()), "inside")
    settled = problem(None)
    assert nearest_kink(network, settled.x, settled.rest, settled.parameters).distance == math.inf


@pytest.mark.parametrize(
    ("function", "said"),
    [
        (torch.sign, "unit (0, 1) of s_0 jumps by 1.0e+00"),  # the same on both sides
        (torch.abs, "unit (0, 1) of s_0 has one-sided derivatives that differ by 2.0e+00"),
        (lambda s: (s > 0).to(s.dtype), "unit (0, 1) of s_0 jumps by 1.0e+00"),
        (torch.sin, ""),
    ],
    ids=["sign", "modulus", "step", "smooth"],
)
def test_kinks_and_jumps_of_any_function(function, said):
    rest = (torch.tensor([[0.7, 0.0]], dtype=torch.float64),)
    network = VectorFieldNetwork(lambda x, s, p: (function(s[0]),))
    movement = (torch.full((1, 2), 1e-5, dtype=torch.float64),), torch.zeros_like(rest[0])
    found = kink_along(network, None, {}, rest, [movement], ["s_0"])
    assert (said in found) if said else not found
