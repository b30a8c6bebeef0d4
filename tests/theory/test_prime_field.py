import numpy as np
import pytest

from theory.arithmetic.prime_field import Field, P, field, uniform

RNG = np.random.default_rng(7)


def exact(array):
    return array.words.astype(object)


def same(found, expected):
    assert found.words.dtype == np.uint64
    assert np.array_equal(exact(found), np.asarray(expected, dtype=object) % P)


@pytest.mark.parametrize("sizes", [(1, 784, 6), (7, 784, 1), (3, 1, 4), (2, 3, 4), (5, 5, 5)])
@pytest.mark.parametrize("largest", [False, True])
def test_products_of_matrices_are_exact(sizes, largest):
    rows, inner, columns = sizes
    a, b = uniform(RNG, rows, inner), uniform(RNG, inner, columns)
    if largest:  # every product and every sum as large as it can be
        a, b = field(np.full((rows, inner), -1)), field(np.full((inner, columns), -1))
    same(a @ b, exact(a) @ exact(b))
    same(b.T @ a.T, (exact(a) @ exact(b)).T)


def test_the_longest_product_does_not_overflow_and_a_longer_one_is_refused():
    a = field(np.full((1, 2**17), -1))
    same(a @ a.T, [[2**17]])
    longer = Field(np.ones((1, 2**17 + 1), dtype=np.uint64))
    with pytest.raises(ValueError, match="at most 131072, found 131073"):
        longer @ longer.T


@pytest.mark.parametrize("shape", [(), (4,), (3, 4)])
def test_elementwise_operations_are_exact(shape):
    a, b = uniform(RNG, 3, 4), uniform(RNG, *shape)
    same(a + b, exact(a) + exact(b))
    same(a - b, exact(a) - exact(b))
    same(b - a, exact(b) - exact(a))
    same(a * b, exact(a) * exact(b))
    same(-b, -exact(b))


@pytest.mark.parametrize("number", [0, 1, -1, 5, P, P - 1, 10**20])
def test_integers_are_taken_mod_p(number):
    a = field([[0, 1, P - 1], [2, P // 2, 12345]])
    same(a + number, exact(a) + number)
    same(number - a, number - exact(a))
    same(a - number, exact(a) - number)
    same(number * a, number * exact(a))


def test_division_and_sums():
    a = uniform(RNG, 4, 3)
    same((a / 7) * 7, exact(a))
    same(a.sum(0), exact(a).sum(0))
    same(a.sum(), exact(a).sum())
    largest = field(np.full((1000, 1000), -1))
    same(largest.sum(), -(10**6))


def test_zero_is_told_from_the_rest():
    a = uniform(RNG, 2, 3)
    assert (a - a).is_zero()
    assert (a - a).nonzero() == 0
    b = a + field([[0, 0, 0], [0, 1, 0]])
    assert not (a - b).is_zero()
    assert (a - b).nonzero() == 1


def test_draws_are_uniform_over_the_field():
    drawn = uniform(np.random.default_rng(0), 200, 500).words
    assert drawn.max() < P
    counts = np.bincount((drawn >> np.uint64(27)).ravel(), minlength=16)
    assert abs(counts / drawn.size - 1 / 16).max() < 5 * (1 / 16 / drawn.size) ** 0.5


def test_a_float_is_refused():
    with pytest.raises(TypeError):
        uniform(RNG, 2) * 0.5
