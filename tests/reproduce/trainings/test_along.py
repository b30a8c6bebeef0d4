"""The measures along a training, on a network small enough to know what they must be."""

import math

import pytest
import torch

from cep_core.activations import activation_named
from cep_core.check.bptt import nabla, total_gradient
from cep_core.networks import Prototypical
from cep_core.problem import Problem
from cep_core.runs.files import RunError
from cep_core.runs.row import Row
from reproduce.trainings.along import angle_before, margin_before, measured
from reproduce.trainings.along_command import read_along


def row(**changed):
    """A row that is trained exactly as Theorem 1 asks, but for what is changed."""
    return Row(
        name="exact",
        title="EP, exact",
        rule="EP",
        sizes=(784, 12, 10),
        learning_rates=(0.02, 0.04),
        beta=1e-4,
        free_steps=60,
        nudged_steps=10,
        epochs=1,
        activation="tanh",
        nudge="inside",
    ).changed(**changed)


def test_the_updates_are_along_the_gradient_where_the_theorem_holds():
    found = measured(row(), row().initial(0, torch.float32), 0)
    assert found.residual < 1e-6
    assert found.positive.angle < 0.5
    assert found.positive.angle_whole < 5  # of the whole free phase, K steps are the most recent
    assert found.positive.relmse < 0.05
    assert found.positive.margin is None
    assert "no parameter" in found.why
    assert angle_before(row(), 0) == pytest.approx(found.positive.angle_whole, abs=1e-3)


def test_the_published_nudge_is_seen():
    assert measured(row(nudge="outside"), row().initial(0, torch.float32), 0).positive.relmse > 1e-3


def test_the_margin_tells_stable_rates_from_others():
    """kappa = eta / beta: a hundred times the beta at the same rates is a hundredth of kappa."""
    of = {beta: row(rule="C-EP", beta=beta, batch=4) for beta in (0.2, 20.0)}
    found = {b: measured(r, r.initial(0, torch.float32), 5).positive.margin for b, r in of.items()}
    assert found[0.2] < 1 < found[20.0]
    assert found[20.0] == pytest.approx(100 * found[0.2], rel=5e-3)
    assert margin_before(of[0.2], 0) == pytest.approx(found[0.2])


def test_a_phase_that_never_settles_has_no_margin():
    wild = row(rule="C-EP", batch=2)
    parameters = {name: 40 * p for name, p in wild.initial(0, torch.float32).items()}
    found = measured(wild, parameters, 0)
    assert found.positive.margin is None
    assert found.why
    assert found.moving > 0.5


def test_a_network_that_goes_round_in_two_is_told_from_one_that_only_moves():
    """All weights negative and large: every layer switches the other off, both at once."""
    alternating = row(batch=2, activation="sigmoid", free_steps=40)
    parameters = {
        n: torch.full_like(p, -1.0) for n, p in alternating.initial(0, torch.float32).items()
    }
    parameters |= {"W_1_x": 0 * parameters["W_1_x"], "b_0": 0 * parameters["b_0"] + 3}
    parameters["b_1"] = 0 * parameters["b_1"] + 3
    found = measured(alternating, parameters, 0)
    assert found.moving == found.cycling == 1.0
    settled = measured(row(), row().initial(0, torch.float32), 0)
    assert settled.moving == settled.cycling == 0.0


def test_infinity_and_nan_are_written_as_text():
    found = measured(row(), row().initial(0, torch.float32), 0)
    object.__setattr__(found.positive, "angle", math.nan)
    object.__setattr__(found.positive, "margin", math.inf)
    written = found.as_json()["positive"]
    assert (written["angle"], written["margin"]) == ("nan", "inf")


def test_the_total_gradient_is_the_sum_over_the_steps():
    network = Prototypical((activation_named("tanh"),) * 2, nudge="inside")
    parameters = network.initial_parameters((3, 4, 2), generator=torch.Generator().manual_seed(1))
    x, y = torch.rand(5, 3).double(), torch.rand(5, 2).double()
    problem = Problem(network, x, y, {n: p.double() for n, p in parameters.items()}).settled()
    steps = nabla(problem, steps=7)
    for name, total in total_gradient(problem, steps=7).items():
        torch.testing.assert_close(total, steps.parameters[name].sum(0))


def test_measures_of_another_run_are_refused(tmp_path):
    path = tmp_path / "seed0.json"
    path.write_text('{"run": "a", "measured": [{"epoch": 3}]}')
    assert read_along(path) == {3: {"epoch": 3}}
    with pytest.raises(RunError, match=r"seed0\.json: run: expected b, found a"):
        read_along(path, run="b")
    path.write_text('{"run": "a", "measured": [{"epoch": -3}]}')
    with pytest.raises(RunError, match=r"measured\[0\]\.epoch: expected a whole number"):
        read_along(path)
