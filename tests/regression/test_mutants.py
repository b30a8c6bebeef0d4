"""Planted errors: each must make the comparison with the baselines fail."""

import shutil
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from pytest_regressions.num_regression import NumericRegressionFixture

from cep_core.check.delta import delta
from cep_core.check.processes import Processes
from cep_core.losses import SquaredError
from cep_core.phases import NudgedStep, nudged_phase
from cep_core.rules import add_scaled

BASELINES = Path(__file__).parent / "test_figures"


def flipped_sign(monkeypatch):
    monkeypatch.setattr(SquaredError, "gradient", lambda _self, output, target: target - output)


def missing_one_over_beta(monkeypatch):
    def mutant(problem, *arguments, beta, **options):
        found = delta(problem, *arguments, beta=beta, **options)
        scale = beta * problem.network.time_scale
        return Processes(
            tuple(s * scale for s in found.state),
            {name: p * scale for name, p in found.parameters.items()},
        )

    monkeypatch.setattr("reproduce.figures.settled.delta", mutant)


def parameters_one_step_late(monkeypatch):
    def mutant(*arguments, **options):
        late = None
        for step in nudged_phase(*arguments, **options):
            previous = late or {n: torch.zeros_like(i) for n, i in step.increment.items()}
            late = step.increment
            yield replace(step, increment=previous)

    monkeypatch.setattr("cep_core.check.delta.nudged_phase", mutant)


def stale_parameters(monkeypatch):
    def mutant(network, rule, x, y, parameters, start, *, beta, kappa, steps, loss):
        state, stale = start, parameters
        for _ in range(steps):
            nudge = (loss or SquaredError()).gradient(state[0], y) * beta
            following = network.transition(x, state, stale, nudge)
            increment = rule.increment(network, x, stale, state, following)
            stale = parameters
            if rule.continual:
                parameters = add_scaled(parameters, increment, kappa)
            yield NudgedStep(state, following, increment, parameters)
            state = following

    monkeypatch.setattr("cep_core.check.delta.nudged_phase", mutant)


def frozen_parameters(monkeypatch):
    def mutant(network, rule, *arguments, **options):
        return nudged_phase(network, replace(rule, continual=False), *arguments, **options)

    monkeypatch.setattr("cep_core.check.delta.nudged_phase", mutant)


MUTANTS = [
    flipped_sign,
    missing_one_over_beta,
    parameters_one_step_late,
    stale_parameters,
    frozen_parameters,
]


@pytest.fixture
def compare(tmp_path, request):
    """The comparison of test_figures, on a copy of its baselines that nothing can regenerate."""
    copy = tmp_path / "baselines"
    shutil.copytree(BASELINES, copy)
    fixture = NumericRegressionFixture(copy, copy, request)
    fixture._force_regen = False

    def check(name, numbers, tolerance):
        fixture.check(numbers, default_tolerance=tolerance, basename=f"small-{name}")

    return check


@pytest.mark.parametrize("name", ["fig-08-09", "fig-10-11"])
@pytest.mark.parametrize("plant", MUTANTS, ids=lambda plant: plant.__name__)
def test_planted_error_is_seen_in_the_processes(
    plant, name, monkeypatch, numbers_of_small, compare
):
    plant(monkeypatch)
    numbers, tolerance = numbers_of_small(name)
    with pytest.raises(AssertionError, match="Values are not sufficiently close"):
        compare(name, numbers, tolerance)


@pytest.mark.parametrize("plant", MUTANTS[:2], ids=lambda plant: plant.__name__)
def test_planted_error_is_seen_in_the_orders(plant, monkeypatch, numbers_of_small, compare):
    plant(monkeypatch)
    numbers, tolerance = numbers_of_small("error-beta")
    with pytest.raises(AssertionError, match="Values are not sufficiently close"):
        compare("error-beta", numbers, tolerance)


def test_unplanted_numbers_pass_the_same_comparison(numbers_of_small, compare):
    compare("fig-10-11", *numbers_of_small("fig-10-11"))
