from fractions import Fraction

import numpy as np
import pytest
from flint import fmpq
from hypothesis import given, settings
from hypothesis import strategies as st

from theory.arithmetic.free_activation import FreeActivation, UnknownPointError
from theory.arithmetic.polynomials import FlintRing, SympyRing, symbols
from theory.arithmetic.series import Series, constant, monomial, perturbed, quotient

ORDER = 2
MATRICES = st.lists(
    st.lists(st.integers(-9, 9), min_size=4, max_size=4), min_size=1, max_size=ORDER + 1
)


def series(rows):
    return Series(tuple(np.array(row, dtype=object).reshape(2, 2) for row in rows), ORDER)


def at(value, e):
    """Value of a series as a polynomial in ``e``."""
    return sum(value.coefficient(k) * Fraction(e) ** k for k in range(value.order + 1))


@given(MATRICES, MATRICES)
@settings(max_examples=50, deadline=None)
def test_operations_are_those_of_polynomials_truncated(left, right):
    a, b = series(left), series(right)
    for operation in (
        lambda p, q: p + q,
        lambda p, q: p - q,
        lambda p, q: p * q,
        lambda p, q: p @ q,
        lambda p, q: (p @ q.T).sum(0) * 3 - q.sum(),
    ):
        found = operation(a, b)
        full_a = Series(a.coefficients, 2 * ORDER)
        full_b = Series(b.coefficients, 2 * ORDER)
        exact = operation(full_a, full_b)
        assert found.order == ORDER
        for k in range(ORDER + 1):
            assert (found.coefficient(k) == exact.coefficient(k)).all()
        expected = operation(Series((at(a, 2),), 0), Series((at(b, 2),), 0)).constant
        assert np.all(at(exact, 2) == expected)


def test_a_coefficient_that_broadcasts_is_counted_for_every_row():
    rows = constant(np.zeros((3, 2), dtype=object), 1)
    moved = rows + perturbed(constant(np.zeros(2, dtype=object), 1), (0,))
    assert moved.sum(0).coefficient(1).tolist() == [3, 0]


def test_division_is_exact_also_for_integers():
    values = np.array([3, fmpq(1, 2)], dtype=object)
    assert quotient(values, 2).tolist() == [fmpq(3, 2), fmpq(1, 4)]


def test_a_monomial_has_one_coefficient():
    assert [monomial(1, 2, 5).coefficient(k)[()] for k in range(3)] == [0, 5, 0]


@pytest.mark.parametrize("ring", [FlintRing, SympyRing])
def test_a_free_activation_expands_in_its_own_derivatives(ring):
    made = ring(12)
    points, slopes = symbols(made, "v", (1, 2)), symbols(made, "d", (1, 2))
    r = [symbols(made, f"r{k}", (1, 2)) for k in range(4)]
    rho = FreeActivation("of a test")
    rho.define(points, r)
    v = Series((points, slopes), 2)
    value, slope = rho(v), rho.slope(v)
    assert (value.coefficient(0) == r[0]).all()
    assert (value.coefficient(1) == r[1] * slopes).all()
    assert (value.coefficient(2) == r[2] * slopes * slopes / 2).all()
    assert (slope.coefficient(2) == r[3] * slopes * slopes / 2).all()
    assert (slope.coefficient(1) == r[2] * slopes).all()
    with pytest.raises(UnknownPointError, match="away from the steady state"):
        rho(v + 1)


def test_an_activation_without_enough_derivatives_says_which_is_missing():
    made = FlintRing(4)
    rho = FreeActivation("of a test")
    points = symbols(made, "v", (1,))
    rho.define(points, [symbols(made, "r0", (1,))])
    with pytest.raises(UnknownPointError, match="derivative 1 is needed"):
        rho.slope(constant(points, 0))


def test_an_opaque_activation_knows_equal_arguments_and_only_those():
    made = FlintRing(9)
    rho = FreeActivation("opaque", lambda count: [made.symbol("r") for _ in range(count)])
    a, b = symbols(made, "v", (2,))
    both = np.empty(3, dtype=object)
    both[:] = [a * b + b, b * (a + 1), a]
    found = rho(constant(both, 0)).constant
    assert found[0] == found[1] != found[2]
