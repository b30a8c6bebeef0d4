from dataclasses import replace
from functools import partial

import pytest
import torch

from cep_core.activations import activation_named
from cep_core.check.bptt import nabla
from cep_core.check.delta import followed_gradients
from cep_core.networks import Prototypical
from cep_core.problem import Problem
from theory.arithmetic.balls import precision
from theory.case import Answer, decide
from theory.methods.certified import energy_based, prototypical, random_setup
from theory.methods.float_run import Certificate, Strengths, run
from theory.mutants.catalogue import MUTANTS
from theory.mutants.planted import planted
from theory.statements import float_run
from theory.statements.float_run import FLOAT32, FLOAT64

NETWORKS = {"energy-based": energy_based(), "prototypical": prototypical("inside")}


def small(network, *, dark=()):
    setup = random_setup(network)
    x = setup.x.clone()
    x[:, list(dark)] = 0
    return replace(setup, x=x)


def certificate(setup, made):
    with precision(128):
        return Certificate(setup, made).outside()


@pytest.fixture(params=list(NETWORKS))
def setup(request):
    return small(NETWORKS[request.param], dark=(2,))


@pytest.mark.parametrize("strengths", [FLOAT64, replace(FLOAT64, beta=-1e-4, kappa=1e-3)])
def test_epsilon_bounds_what_pytorch_measures_and_is_close_to_it(setup, strengths):
    made = run(setup, strengths)
    with precision(128):
        found = Certificate(setup, made)
        assert found.outside() == ""
        errors = found.errors()
    problem = Problem(setup.network, setup.x, setup.y, setup.parameters, steady=made.free[-1])
    gradients = followed_gradients(problem, nabla(problem, steps=strengths.steps))
    for ours, theirs, bound in (
        (made.updates.state, gradients.state, errors.neurons),
        (made.updates.parameters.values(), gradients.parameters.values(), errors.parameters),
    ):
        measured = max(float((a + b).abs().max()) for a, b in zip(ours, theirs, strict=True))
        assert measured - 1e-12 <= bound <= measured * 1.001 + 1e-12
    assert errors.states < 1e-15
    assert errors.rounding < 1e-15 / abs(strengths.beta) * 10


@pytest.mark.parametrize("name", ["W_0_1", "b_0", "W_1_x", "b_1"])
@pytest.mark.parametrize("entry", [0, 2, -1])
def test_a_run_with_one_parameter_moved_by_1e_12_is_refused(setup, name, entry):
    moved = setup.parameters[name].clone()
    moved.view(-1)[entry] += 1e-12
    made = run(replace(setup, parameters=setup.parameters | {name: moved}), FLOAT64)
    assert certificate(setup, made)
    assert certificate(setup, run(setup, FLOAT64)) == ""


@pytest.mark.parametrize("part", ["state", "following", "increment", "parameters"])
def test_a_step_of_phase_2_with_one_number_moved_is_refused(setup, part):
    made = run(setup, FLOAT64)
    step = made.nudged[3]
    values = getattr(step, part)
    moved = (
        {**values, "b_0": values["b_0"] + 1e-12}
        if isinstance(values, dict)
        else (values[0] + 1e-12, *values[1:])
    )
    made.nudged[3] = replace(step, **{part: moved})
    assert "phase 2" in certificate(setup, made)


@pytest.mark.parametrize(
    "name",
    [
        "sign of the nudge",
        "gradient of the loss twice its size",
        "sign of theta",
        "theta from the difference to s_*",
        "frozen theta",
        "theta used before it is updated",
        "sum over the mini-batch in place of its mean",
    ],
)
def test_a_run_of_another_phase_2_is_refused(name):
    setup = small(energy_based())
    mutant = next(mutant for mutant in MUTANTS if mutant.name == name)
    with planted(mutant.edits):
        made = run(setup, replace(FLOAT64, beta=1e-2, kappa=1e-2))
    of_batches = name.startswith("sum over")  # one sample: the sum is the mean
    assert (certificate(setup, made) == "") == of_batches


@pytest.mark.parametrize(
    ("dtype", "strengths"), [(torch.float64, FLOAT64), (torch.float32, FLOAT32)]
)
@pytest.mark.parametrize("network", NETWORKS.values(), ids=NETWORKS)
def test_small_networks_have_their_certificates(dtype, strengths, network):
    outcome = float_run.decide(partial(small, network), dtype, strengths)
    assert outcome.answer is Answer.HOLDS, outcome.reason
    assert outcome.numbers["of which rounding"] < outcome.numbers["epsilon"]


def test_a_free_phase_that_ends_early_shows_in_epsilon():
    def unsettled():
        return replace(small(energy_based()), free_steps=30)

    outcome = float_run.decide(unsettled, torch.float64, FLOAT64)
    assert outcome.answer is Answer.REFUTED
    assert outcome.numbers["epsilon"] > 1
    assert outcome.numbers["T"] == 30


def test_without_a_steady_state_it_is_undecided():
    def drifting():
        setup = random_setup(Prototypical((activation_named("tanh"),) * 2, "inside"))
        parameters = {n: torch.zeros_like(p) for n, p in setup.parameters.items()}
        shape = parameters["W_0_1"].shape
        parameters["W_0_1"] = torch.ones(shape, dtype=torch.float64) / (shape[0] * shape[1]) ** 0.5
        return replace(setup, parameters=parameters, free_steps=5)  # an eigenvalue 1: degenerate

    outcome = float_run.decide(drifting, torch.float64, FLOAT64)
    assert outcome.answer is Answer.UNDECIDED


def test_the_case_that_must_be_refused_is():
    refused = next(case for case in float_run.cases() if case.expected is Answer.REFUTED)
    check = decide(refused)
    assert check.verdict == "pass"
    assert "the free phase" in check.reason


def test_the_free_phase_is_recorded_as_it_is_run(setup):
    made = run(setup, Strengths(1e-3, 0.0, 2, 1e-9))
    assert all(bool((s == 0).all()) for s in made.free[0])
    assert 10 < len(made.free) < 400
    assert torch.equal(made.nudged[0].state[0], made.free[-1][0])
