"""Convolutional edges over every number system, and the statements that rest on them."""

import numpy as np
import pytest
import torch

from cep_core import ConvolutionalShape, Prototypical
from cep_core.activations import Identity, Sigmoid
from cep_core.check.telescoping import telescoping
from cep_core.networks.pooling import AveragePooling, MaxPooling, SoftmaxPooling
from cep_core.problem import Problem
from theory.arithmetic.balls import balls, midpoints, precision
from theory.arithmetic.prime_field import field
from theory.arithmetic.series import constant
from theory.arithmetic.tape import Traced, gradients
from theory.case import Answer
from theory.points.convolutional import ANY_SHARES, AVERAGE, CURVED
from theory.statements import convolutional, pooled_limits, winners
from theory.statements.augmented import linear_at

SHAPE = ConvolutionalShape((2, 3), (4,), (2, 7, 6), kernel=2, padding=1, pooling=AveragePooling())


def drawn():
    """Integers, so that every number system is exact but for halves and quarters."""
    chance = np.random.default_rng(0)
    x = chance.integers(-3, 4, size=(2, *SHAPE.image))
    state = tuple(chance.integers(-3, 4, size=(2, *size)) for size in SHAPE.states)
    theta = {name: chance.integers(-3, 4, size=size) for name, size in SHAPE.parameters.items()}
    return x, state, theta


def run(make):
    network = Prototypical((Identity(),) * 3, edges=SHAPE.edges())
    x, state, theta = drawn()
    given = make(x), tuple(map(make, state)), {name: make(value) for name, value in theta.items()}
    learned = network.primitive_gradient(*given)
    return [*network.transition(*given), *(learned[name] for name in SHAPE.parameters)]


@pytest.fixture(scope="module")
def on_tensors():
    return [value.numpy() for value in run(lambda a: torch.from_numpy(a).double())]


def test_the_prime_field_computes_what_tensors_do(on_tensors):
    for residues, floats in zip(run(field), on_tensors, strict=True):
        eighths = field((floats * 8).round().astype(int))
        assert residues.shape == floats.shape
        assert (residues * 8 - eighths).is_zero()


def test_balls_enclose_what_tensors_compute(on_tensors):
    with precision(64):
        for enclosed, floats in zip(run(lambda a: balls(a.astype(float))), on_tensors, strict=True):
            assert enclosed.shape == floats.shape
            assert np.array_equal(midpoints(enclosed), floats)
            assert enclosed.largest_radius() < 1e-12


def test_series_compute_what_tensors_do(on_tensors):
    for exact, floats in zip(run(lambda a: constant(a.astype(object), 1)), on_tensors, strict=True):
        found = np.vectorize(
            lambda v: float(v) if isinstance(v, int) else int(v.p) / int(v.q), otypes=[float]
        )
        assert np.array_equal(found(exact.constant), floats)


def test_the_tape_differentiates_through_convolutions_as_pytorch_does():
    x, state, theta = drawn()
    network = Prototypical((Identity(),) * 3, edges=SHAPE.edges())
    weights = [np.random.default_rng(n).integers(-3, 4, size=s.shape) for n, s in enumerate(state)]

    traced = [Traced(field(s)) for s in state], {n: Traced(field(p)) for n, p in theta.items()}
    after = network.transition(field(x), tuple(traced[0]), traced[1])
    total = sum((a * field(w)).sum() for a, w in zip(after, weights, strict=True))
    ours = gradients(total, [*traced[0], *traced[1].values()])

    leaves = [torch.from_numpy(v).double().requires_grad_() for v in (*state, *theta.values())]
    after = network.transition(
        torch.from_numpy(x).double(), tuple(leaves[:3]), dict(zip(theta, leaves[3:], strict=True))
    )
    total = sum((a * torch.from_numpy(w)).sum() for a, w in zip(after, weights, strict=True))
    for residues, floats in zip(ours, torch.autograd.grad(total, leaves), strict=True):
        assert residues.shape == tuple(floats.shape)
        assert (residues * 8 - field((floats * 8).round().long().numpy())).is_zero()


EVERY = [case for module in (convolutional, winners, pooled_limits) for case in module.cases()]
QUICK = [
    case
    for case in EVERY
    if "largest" not in case.name and "K = 8" not in case.size
    if "32-64" not in case.size or "at fixed kappa" in case.name
]


@pytest.mark.parametrize("case", QUICK, ids=lambda case: case.name)
def test_every_quick_case_has_the_answer_that_the_theory_gives(case):
    outcome = case.decide()
    assert outcome.answer is case.expected, outcome.reason


def test_there_are_cases_of_every_kind_that_hold_and_that_do_not():
    answers = {(case.level, case.expected) for case in EVERY}
    assert len(answers) == 6


def test_the_hypothesis_of_the_augmented_function_can_fail():
    for pooling, answer in (
        (AVERAGE, Answer.HOLDS),
        (ANY_SHARES, Answer.HOLDS),
        (CURVED, Answer.REFUTED),
    ):
        at = convolutional.arbitrary(pooling, nudge="inside", capacity=200)
        assert linear_at(at).answer is answer, pooling


def small(pooling):
    shape = ConvolutionalShape((2, 3), (3,), (1, 9, 9), kernel=2, pooling=pooling)
    generator = torch.Generator().manual_seed(0)
    parameters = shape.initial(generator)
    x = torch.rand(3, 1, 9, 9, generator=generator, dtype=torch.float64)
    y = torch.rand(3, 3, generator=generator, dtype=torch.float64)
    return Problem(shape.network(Sigmoid(), nudge="inside"), x, y, parameters).settled()


def test_what_does_not_telescope_is_counted_and_accounted_for():
    found = telescoping(small(AveragePooling()), beta=0.2, kappa=0.05, steps=6)
    assert found.holds
    assert found.switches is None
    assert str(found).startswith("C-EP telescopes: theta - kappa h is constant up to")
    found = telescoping(small(MaxPooling()), beta=0.5, kappa=0.3, steps=6)
    assert not found.holds
    assert set(found.broken) <= {"W_1_2", "W_2_x"}
    assert found.windows == 3 * (2 * 4 * 4 + 3 * 1 * 1)
    assert sum(found.switches) > 0
    assert f"moved {sum(found.switches)} winners in {6 * found.windows} windows" in str(found)
    assert max(found.unaccounted.values()) < 1e-13
    found = telescoping(small(SoftmaxPooling()), beta=0.2, kappa=0.05, steps=6)
    assert not found.holds
    assert "the primitive function is not linear in the parameters" in str(found)
