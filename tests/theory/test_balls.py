from fractions import Fraction

import flint
import numpy as np
import pytest

from cep_core.activations import ACTIVATIONS as ON_TENSORS
from theory.arithmetic.balls import (
    ACTIVATIONS,
    Balls,
    KinkError,
    balls,
    lower_float,
    midpoints,
    precision,
    scalar,
    stacked,
    upper_float,
)

RNG = np.random.default_rng(5)


def fractions(array):
    return np.vectorize(Fraction, otypes=[object])(array)


def encloses(found, expected):
    assert found.shape == np.shape(expected)
    values = np.ravel(np.asarray(expected, dtype=object))
    assert len(found.entries()) == values.size
    with precision(1000):
        for ball, value in zip(found.entries(), values, strict=True):
            assert ball.contains(flint.fmpq(value.numerator, value.denominator))


@pytest.mark.parametrize("shape", [(), (4,), (1, 4), (3, 4)])
def test_operations_enclose_the_exact_results(shape):
    with precision(30):  # so low that nearly every result is rounded
        a, b = RNG.normal(size=(3, 4)), RNG.normal(size=shape)
        in_a, in_b, exact_a, exact_b = balls(a), balls(b), fractions(a), fractions(b)
        if shape == ():
            in_b, exact_b = scalar(float(b)), Fraction(float(b))
        encloses(in_a + in_b, exact_a + exact_b)
        encloses(in_b + in_a, exact_a + exact_b)
        encloses(in_a - in_b, exact_a - exact_b)
        encloses(in_b - in_a, exact_b - exact_a)
        encloses(in_a * in_b, exact_a * exact_b)
        encloses(in_b * in_a, exact_a * exact_b)


def test_products_sums_and_quotients_enclose_the_exact_results():
    with precision(30):
        a, b = RNG.normal(size=(3, 4)), RNG.normal(size=(4, 2))
        exact_a, exact_b = fractions(a), fractions(b)
        encloses(balls(a) @ balls(b), exact_a @ exact_b)
        encloses(balls(a).T, exact_a.T)
        encloses(balls(a) / 3, exact_a / 3)
        encloses(balls(a) + 1, exact_a + 1)
        encloses(1 - balls(a), 1 - exact_a)
        encloses(balls(a).sum(0), exact_a.sum(0))
        total = balls(a).sum()
        encloses(total, exact_a.sum())


@pytest.mark.parametrize("name", ["tanh", "sigmoid"])
def test_activations_and_their_derivatives_enclose_the_true_ones(name):
    import torch  # noqa: PLC0415 - for this test only

    with precision(100):
        v = np.linspace(-2, 2, 9)
        f = ACTIVATIONS[name]
        at = torch.tensor(v, requires_grad=True)
        value = ON_TENSORS[name](at)
        (slope,) = torch.autograd.grad(value.sum(), at, create_graph=True)
        (curvature,) = torch.autograd.grad(slope.sum(), at)
        for k, expected in enumerate((value, slope, curvature)):
            found = f.derivative(balls(v), k)
            np.testing.assert_allclose(midpoints(found), expected.detach(), rtol=1e-13, atol=1e-14)
            assert found.largest_radius() < 1e-26


def test_the_hard_sigmoid_has_a_value_at_a_kink_but_no_slope():
    f = ACTIVATIONS["hard-sigmoid"]
    values = np.array([-0.5, 0.0, 0.25, 1.0, 3.0])
    np.testing.assert_array_equal(midpoints(f(balls(values))), values.clip(0, 1))
    away = balls(np.array([-0.5, 0.25, 3.0]))
    np.testing.assert_array_equal(midpoints(f.slope(away)), [0, 1, 0])
    for kink in (0.0, 1.0):
        near = Balls(flint.arb_mat(1, 1, [flint.arb(kink + 1e-9, 1e-8)]), (1,))
        with pytest.raises(KinkError, match="kink"):
            f.slope(near)


def test_zero_is_contained_only_if_every_ball_contains_it():
    wide = Balls(flint.arb_mat(1, 2, [flint.arb(1, 2), flint.arb(0, 1)]), (2,))
    assert wide.contains_zero()
    assert not (wide + 2).contains_zero()


def test_the_largest_radius_bounds_every_radius():
    made = Balls(flint.arb_mat(2, 2, [flint.arb(1, r) for r in (0.1, 0.2, 0.4, 0.3)]), (2, 2))
    assert 0.4 <= made.largest_radius() <= 0.71
    assert not Balls(flint.arb_mat(1, 1, [flint.arb("nan")]), (1, 1)).largest_radius() < 1e300


def test_floats_bound_a_ball_from_outside():
    third = flint.arb(1) / 3
    assert lower_float(third) < Fraction(1, 3) < upper_float(third)


def test_precision_is_put_back():
    before = flint.ctx.prec

    def fail():
        with precision(before + 11):
            assert flint.ctx.prec == before + 11
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert flint.ctx.prec == before


def test_matrices_are_put_side_by_side():
    a, b = RNG.normal(size=(2, 3)), RNG.normal(size=(2, 1))
    np.testing.assert_array_equal(midpoints(stacked([balls(a), balls(b)])), np.hstack([a, b]))
