import numpy as np
import pytest
from sympy import Symbol, series, tanh

from theory.arithmetic.balls import ACTIVATIONS, balls, precision
from theory.arithmetic.degrees import Degree
from theory.arithmetic.jets import Jet, Smooth, beta, coefficient
from theory.arithmetic.tape import Traced, gradients

Z = Symbol("z")


def test_products_are_truncated_cauchy_products():
    a = Jet((np.array([1.0, 2.0]), np.array([3.0, 4.0]), np.array([5.0, 6.0])), 2)
    b = Jet((np.array([2.0, 1.0]), np.array([1.0, 1.0])), 2)
    found = a * b
    for unit in range(2):
        left = [c[unit] for c in a.coefficients]
        right = [c[unit] for c in b.coefficients]
        expected = np.polynomial.polynomial.polymul(left, right)[:3]
        np.testing.assert_array_equal([c[unit] for c in found.coefficients], expected)


def test_sums_and_differences_with_constants():
    a = Jet((np.array([1.0]), np.array([2.0])))
    for value, expected in (
        (a + np.array([3.0]), (4, 2)),
        (np.array([3.0]) - a, (2, -2)),
        (a - Jet((np.array([1.0]), np.array([5.0]))), (0, -3)),
        (-a / 2, (-0.5, -1)),
        (np.array([3.0]) * beta(), (0, 3)),
    ):
        assert tuple(float(coefficient(value, k)[0]) for k in range(2)) == expected


def test_matrix_products_keep_their_order():
    a, b = np.arange(6.0).reshape(2, 3), np.arange(6.0).reshape(3, 2)
    jet = Jet((b, 2 * b))
    np.testing.assert_array_equal((a @ jet)[1], 2 * a @ b)
    np.testing.assert_array_equal((jet @ a)[1], 2 * b @ a)
    np.testing.assert_array_equal(jet.T[1], 2 * b.T)


def test_a_smooth_function_of_a_jet_is_its_taylor_expansion():
    with precision(128):
        moved = Jet((balls(np.array([0.25])), balls(np.array([1.0])), balls(np.array([-0.5]))), 3)
        found = ACTIVATIONS["tanh"](moved)
        slope = ACTIVATIONS["tanh"].slope(moved)
        inner = Symbol("a") + Z - Z**2 / 2
        for value, expression in ((found, tanh(inner)), (slope, 1 - tanh(inner) ** 2)):
            expansion = series(expression, Z, 0, 4).removeO()
            for k in range(4):
                expected = expansion.coeff(Z, k).subs(Symbol("a"), 0.25).evalf(25)
                assert abs(float(value[k].entries()[0].mid()) - float(expected)) < 1e-15


def test_a_jet_can_be_traced():
    cube = Smooth("cube", lambda v, k: (v**3, 3 * v**2, 6 * v, 6 + 0 * v)[k])
    at = Traced(Jet((np.array([2.0]), np.array([1.0]))))
    (found,) = gradients(cube(at).sum(), [at])
    assert [float(found[k][0]) for k in range(2)] == [12.0, 12.0]  # 3 (2 + beta)^2
    (found,) = gradients(cube.slope(at).sum(), [at])
    assert [float(found[k][0]) for k in range(2)] == [12.0, 6.0]  # 6 (2 + beta)


@pytest.mark.parametrize(
    ("make", "bound"),
    [
        (lambda a, b: a @ b.T + a.sum(), 2),
        (lambda a, b: (a * a - b) * b, 3),
        (lambda a, b: (a * 0) @ b.T + 1, 0),
        (lambda a, b: -a / 3 + 5 * b, 1),
        (lambda a, b: (a - a) * 0 * b, -1),
    ],
)
def test_degrees_add_under_products_and_take_the_larger_under_sums(make, bound):
    assert make(Degree(1, (2, 3)), Degree(1, (2, 3))).bound == bound
