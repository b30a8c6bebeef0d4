import pytest
import torch

from cep_core.activations import Sigmoid, Tanh
from theory.arithmetic.balls import midpoints, precision
from theory.arithmetic.rounded import Rounded, rounded

UNITS = {torch.float64: 2.0**-53, torch.float32: 2.0**-24}


@pytest.fixture(autouse=True)
def enough():
    with precision(128):
        yield


@pytest.fixture(params=list(UNITS), ids=str)
def dtype(request):
    return request.param


def drawn(dtype, *shape, seed=0):
    generator = torch.Generator().manual_seed(seed)
    return (2 * torch.rand(shape, generator=generator, dtype=torch.float64) - 1).to(dtype)


def shuffled_product(a, b, generator):
    """The product, its sum taken in a random order, one term after the other."""
    total = torch.zeros(a.shape[0], b.shape[1], dtype=a.dtype)
    for k in torch.randperm(a.shape[1], generator=generator):
        total = total + a[:, k : k + 1] * b[k : k + 1]
    return total


def test_a_product_is_enclosed_in_every_order_of_summation_and_tightly(dtype):
    a, b = drawn(dtype, 2, 300), drawn(dtype, 300, 4, seed=1)
    enclosed = rounded(a) @ rounded(b)
    generator = torch.Generator().manual_seed(2)
    assert enclosed.contains(a @ b)
    assert all(enclosed.contains(shuffled_product(a, b, generator)) for _ in range(5))
    bound = 1.01 * 300 * UNITS[dtype] * float((a.double().abs() @ b.double().abs()).max())
    assert not enclosed.contains(a.double() @ b.double() + 1.1 * bound)
    assert enclosed.value.largest_radius() <= 4 * bound


OPERATIONS = {
    "sum of arrays": lambda a, b: a + b,
    "difference": lambda a, b: a - b,
    "product": lambda a, b: a * b,
    "with a number": lambda a, b: (1 - a) * 0.1 + b * 0.2 - 0.3,
    "row over rows": lambda a, b: a + b.sum(0),
    "sum of all": lambda a, b: (a * b).sum(),
    "square": lambda a, b: a.square() - b,
    "transpose": lambda a, b: a.T @ b,
    "tanh and its slope": lambda a, b: Tanh()(a) * Tanh().slope(b),
    "sigmoid and its slope": lambda a, b: Sigmoid()(a) * Sigmoid().slope(b),
}


@pytest.mark.parametrize("name", OPERATIONS)
def test_what_pytorch_computes_is_enclosed_and_little_else(name, dtype):
    a, b = drawn(dtype, 3, 5), drawn(dtype, 3, 5, seed=1)
    operation = OPERATIONS[name]
    found, enclosed = operation(a, b), operation(rounded(a), rounded(b))
    assert enclosed.contains(found)
    assert enclosed.shape == tuple(found.shape)
    assert not enclosed.contains(found.double() + 1000 * UNITS[dtype])
    assert abs(midpoints(enclosed.value) - found.double().numpy()).max() < 100 * UNITS[dtype]


def test_a_number_is_rounded_to_the_type_first():
    one = torch.ones(1, 1, dtype=torch.float32)
    assert (rounded(one) * 0.1).contains(one * 0.1)
    assert float((one * 0.1).double()) != 0.1


def test_what_is_too_small_is_enclosed():
    tiny = torch.full((1, 2), 1e-200, dtype=torch.float64)
    assert (rounded(tiny) * rounded(tiny)).contains(tiny * tiny)
    assert (rounded(tiny) @ rounded(tiny).T).contains(tiny @ tiny.T)


def test_other_functions_of_pytorch_and_other_operands_are_refused():
    value = rounded(torch.ones(1, 1, dtype=torch.float64))
    assert isinstance(value, Rounded)
    with pytest.raises(TypeError, match="exp"):
        torch.exp(value)
    with pytest.raises(TypeError):
        value + "1"
