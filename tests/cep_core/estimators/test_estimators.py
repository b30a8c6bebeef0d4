"""Estimators of the gradient: exact ones agree, biased ones are off by what the theory says."""

import math

import pytest
import torch

from cep_core import ASYM_EP, VF, estimate
from cep_core.activations import HardSigmoid, Sigmoid, Tanh
from cep_core.check.circle import total
from cep_core.estimators import (
    BackpropagationThroughTime,
    DerivativeAtZero,
    Dyadic,
    NeumannSeries,
    OneSided,
    PointsOnCircle,
    RelaxedAdjoint,
    TurningNudge,
    cosines,
)
from cep_core.networks import EnergyBased, Prototypical
from cep_core.networks.damped import Damped
from cep_core.networks.directed import Directed, loop
from cep_core.problem import Problem
from cep_core.read_out import SoftmaxReadOut

SIZES = (6, 7, 5, 3)
STEPS = 250


def directed(angle=90.0, *, edges=None, damping=0.0, read_out=True, seed=0):
    generator = torch.Generator().manual_seed(seed)
    base = Directed((Sigmoid(),) * 3, edges=edges)
    theta = base.initial_parameters(SIZES, generator=generator, backward_angle=angle)
    theta |= SoftmaxReadOut.initial(SIZES, 3, generator=generator)
    x = torch.rand(3, 6, generator=generator, dtype=torch.float64)
    y = torch.eye(3, dtype=torch.float64)
    network = Damped(base, damping) if damping else base
    options = {"loss": SoftmaxReadOut(theta)} if read_out else {}
    start = base.zero_state(x, theta)
    return Problem(network, x, y, theta, **options).settled(start=start)


def other(network):
    generator = torch.Generator().manual_seed(3)
    sizes = (4, 5, 3)
    theta = network.initial_parameters(sizes, generator=generator, backward_angle=90.0)
    x = torch.rand(2, 4, generator=generator, dtype=torch.float64)
    y = torch.rand(2, 3, generator=generator, dtype=torch.float64)
    return Problem(network, x, y, theta).settled()


def gap(one, two):
    return max(float((a - b).abs().max()) for a, b in zip(one, two, strict=True))


def by_differences(problem, start=None):
    """Gradient of the mean loss at the settled state, by central differences in float64."""
    found = {}
    for name, value in problem.parameters.items():
        if name.startswith("read_out"):
            continue
        slope = torch.zeros_like(value)
        for index in list(torch.cartesian_prod(*map(torch.arange, value.shape)))[:7]:
            place = tuple(torch.atleast_1d(index).tolist())
            costs = []
            for h in (1e-5, -1e-5):
                moved = dict(problem.parameters)
                moved[name] = value.clone()
                moved[name][place] += h
                again = Problem(problem.network, problem.x, problem.y, moved, problem.loss)
                rest = again.settled(start=problem.rest).rest
                costs.append(float(problem.loss.value(rest[0], problem.y)) / len(problem.y))
            slope[place] = (costs[0] - costs[1]) / 2e-5
        found[name] = slope
    return found


@pytest.mark.parametrize(
    "problem",
    [
        directed(),
        directed(edges=loop(3), angle=None, damping=0.3, read_out=False),
        other(EnergyBased((Tanh(), Tanh()), 0.3)),
        other(Prototypical((Sigmoid(), Sigmoid()))),
    ],
    ids=["directed", "damped loop", "energy-based", "nudged outside"],
)
def test_exact_estimators_give_the_gradient_of_finite_differences(problem):
    reference = RelaxedAdjoint()(problem)
    theirs = by_differences(problem)
    ours = reference.gradient(problem)
    for name, slope in theirs.items():
        known = slope != 0
        assert float((ours[name] - slope)[known].abs().max()) < 1e-8, name
    exact = (
        BackpropagationThroughTime(STEPS), NeumannSeries(STEPS), Dyadic(STEPS, 0.7),
        DerivativeAtZero(STEPS, corrected=True),
    )  # fmt: skip
    for estimator in exact:
        estimate = estimator(problem)
        assert gap(estimate.signal, reference.signal) < 1e-10, estimator.name
        gradient = estimate.gradient(problem)
        assert max(float((gradient[n] - ours[n]).abs().max()) for n in ours) < 1e-10
        assert min(cosines(estimate.signal, reference.signal)) > 1 - 1e-12


def test_the_plain_response_is_biased_unless_the_weights_are_symmetric():
    for angle, biased in ((0.0, False), (90.0, True)):
        problem = directed(angle)
        lam = RelaxedAdjoint()(problem).signal
        q = DerivativeAtZero(STEPS)(problem).signal
        assert (gap(q, lam) > 1e-3) == biased


@pytest.mark.parametrize("corrected", [False, True])
def test_points_on_a_circle_have_their_order(corrected):
    problem = directed()
    limit = DerivativeAtZero(STEPS, corrected)(problem).signal
    for points in (2, 3, 4):
        errors = [
            gap(PointsOnCircle(beta, points, STEPS, corrected)(problem).signal, limit)
            for beta in (0.08, 0.04)
        ]
        assert abs(math.log2(errors[0] / errors[1]) - points) < 0.15, points
    errors = [gap(OneSided(b, STEPS, corrected)(problem).signal, limit) for b in (0.02, 0.01)]
    assert abs(math.log2(errors[0] / errors[1]) - 1) < 0.1


def test_correction_and_points_together_leave_no_bias():
    problem = directed()
    lam = RelaxedAdjoint()(problem).signal
    both = gap(PointsOnCircle(0.1, 12, STEPS, corrected=True)(problem).signal, lam)
    either = (
        gap(PointsOnCircle(0.1, 12, STEPS)(problem).signal, lam),
        gap(OneSided(0.1, STEPS, corrected=True)(problem).signal, lam),
    )
    assert both < 1e-9
    assert min(either) > 1e4 * both


def test_a_turning_nudge_is_points_on_a_circle_and_finds_the_free_state():
    problem = directed()
    turning = TurningNudge(0.1, 4, 200, turns=1, settling=0)(problem)
    points = PointsOnCircle(0.1, 4, 200)(problem)
    assert gap(turning.signal, points.signal) < 1e-11
    assert gap(turning.terms[0][0], problem.rest) < 1e-4  # the mean over a circle: order beta^N
    away = Problem(
        problem.network, problem.x, problem.y, problem.parameters, problem.loss,
        tuple(torch.zeros_like(s) for s in problem.rest),
    )  # fmt: skip
    assert gap(TurningNudge(0.1, 4, 200)(away).signal, points.signal) < 1e-11


@pytest.mark.parametrize("points", [1, 2, 4])
def test_the_rules_of_one_update_are_the_same_estimates(points):
    problem = directed(read_out=False)
    for corrected, rule in ((True, ASYM_EP), (False, VF)):
        one = OneSided(-0.1, 60, corrected)
        many = PointsOnCircle(0.1, max(points, 2), 60, corrected)
        ours = (one if points == 1 else many)(problem).gradient(problem)
        theirs = total(estimate(problem, rule, beta=0.1, steps=60, points=points))
        names = [name for name in ours if not name.startswith("read_out")]
        assert max(float((ours[n] + theirs[n]).abs().max()) for n in names) < 1e-12


def test_two_points_are_run_in_real_numbers_and_float32_is_kept():
    problem = directed()
    small = Problem(
        problem.network, problem.x.float(), problem.y.float(),
        {k: v.float() for k, v in problem.parameters.items()},
        SoftmaxReadOut({k: v.float() for k, v in problem.parameters.items()}),
        tuple(s.float() for s in problem.rest),
    )  # fmt: skip
    for estimator in (PointsOnCircle(0.3, 2, 60), PointsOnCircle(0.3, 4, 60), OneSided(0.3, 60)):
        found = estimator(small).signal
        assert {s.dtype for s in found} == {torch.float32}
        assert gap(found, estimator(problem).signal) < 1e-5


def test_dyadic_is_exact_at_any_strength():
    problem = directed()
    lam = RelaxedAdjoint()(problem).signal
    assert all(gap(Dyadic(STEPS, beta)(problem).signal, lam) < 1e-12 for beta in (-3.0, 0.1, 50.0))


def test_a_network_with_kinks_is_nudged_in_real_numbers_only():
    problem = other(Prototypical((HardSigmoid(), HardSigmoid()), "inside"))
    assert PointsOnCircle(0.1, 2, 20)(problem).signal[0].isfinite().all()
    for estimator in (PointsOnCircle(0.1, 3, 20), TurningNudge(0.1, 4, 20)):
        with pytest.raises(ValueError, match="found hard-sigmoid, which has kinks: use N = 1 or 2"):
            estimator(problem)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: OneSided(0.0, 3), "beta: expected a number other than 0, found 0.0"),
        (lambda: OneSided(0.1, 0), "steps: expected a positive count, found 0"),
        (lambda: DerivativeAtZero(-1), "steps: expected a positive count, found -1"),
        (lambda: PointsOnCircle(0.1, 1, 3), "points: expected 2 at least, found 1"),
        (lambda: TurningNudge(0.1, 4, 3, turns=0), "turns: expected 1 at least, found 0"),
    ],
)
def test_what_defines_no_estimate_is_refused(make, message):
    with pytest.raises(ValueError, match=message):
        make()
