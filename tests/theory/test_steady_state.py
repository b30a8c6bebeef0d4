"""Contractions: the certified rate against the true Jacobians, and a finite free phase."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from torch.func import jacrev

from cep_core.phases import free_phase
from theory.arithmetic.balls import balls, precision, upper_float
from theory.case import Answer
from theory.command import main
from theory.methods.certified import energy_based, prototypical, random_setup
from theory.methods.contraction import RADII
from theory.methods.error_bound import contraction_of
from theory.methods.norms import euclidean
from theory.methods.steady_state import UncertifiedError
from theory.statements.steady_state import decide_everywhere, decide_in_a_ball


@pytest.fixture(scope="module")
def setup():
    return random_setup(energy_based())


@pytest.fixture(scope="module")
def near(setup):
    with precision(64):
        return contraction_of(setup)


def _norm_at(setup, row):
    sizes = [setup.parameters[name].shape[0] for name in ("b_0", "b_1")]

    def transition(flat):
        layers = tuple(part.unsqueeze(0) for part in torch.split(flat, sizes))
        after = setup.network.transition(setup.x, layers, setup.parameters)
        return torch.cat([s.reshape(-1) for s in after])

    return float(torch.linalg.matrix_norm(jacrev(transition)(row), 2))


@pytest.mark.parametrize("radius", RADII[:3])
def test_the_rate_bounds_every_jacobian_in_the_ball(setup, near, radius):
    with precision(64):
        rate = upper_float(near.rate(radius))
    end = free_phase(setup.network, setup.x, setup.parameters, steps=5000, tolerance=1e-15).state
    center = torch.cat([s.reshape(-1) for s in end])
    generator = torch.Generator().manual_seed(0)
    seen = []
    for _ in range(50):
        away = torch.randn(len(center), generator=generator, dtype=torch.float64)
        seen.append(_norm_at(setup, center + away * radius / away.norm()))
    assert max(seen) <= rate
    # the bound at the centre alone would be passed
    assert max(seen) > upper_float(near.jacobian_norm)


def test_a_free_phase_of_t_steps_is_as_near_as_is_claimed(setup, near):
    with precision(64):
        for tolerance in (1e-3, 1e-9):
            steps, entered, radius, rate = near.steps(tolerance)
            state = free_phase(setup.network, setup.x, setup.parameters, steps=steps).state
            pairs = zip(state, near.center, strict=True)
            left = upper_float(euclidean(balls(s.numpy()) - c for s, c in pairs))
            assert left <= tolerance
            assert 0 < entered <= steps
            assert rate < 1
            assert near.reach(radius) < 1e-13


def test_the_cases_hold_where_the_free_phase_contracts(setup):
    assert decide_in_a_ball(lambda: setup).answer is Answer.HOLDS
    found = decide_everywhere(lambda: random_setup(prototypical("inside")))
    assert found.answer is Answer.HOLDS
    assert found.numbers["T"] > 0


def test_large_weights_contract_nowhere_that_is_seen():
    setup = random_setup(prototypical("inside"))
    larger = setup.parameters | {"W_0_1": setup.parameters["W_0_1"] * 5}
    found = decide_everywhere(lambda: replace(setup, parameters=larger))
    assert found.answer is Answer.REFUTED
    assert found.numbers["c at least"] >= 1


def test_a_free_phase_that_has_not_settled_certifies_nothing(setup):
    found = decide_in_a_ball(lambda: replace(setup, free_steps=2))
    assert found.answer is Answer.UNDECIDED
    with precision(64), pytest.raises(UncertifiedError, match="not seen to contract"):
        contraction_of(replace(setup, free_steps=2)).reach(RADII[-1])


def test_the_command_prints_the_number_of_steps(capsys):
    name = "steady_state/certified/prototypical, sigmoid, initial weights"
    assert main(["--only", name, "--processes", "1"]) == 0
    assert "after T = 67 steps" in capsys.readouterr().out
