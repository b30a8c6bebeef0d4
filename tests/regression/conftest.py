import pytest
import torch

from reproduce.figures.kinds import KINDS, comparable, compute, read_figures
from reproduce.figures.sample import sample_of

SMALL = (784, 128, 10)


def small_numbers(name):
    """What is compared of a figure, on a small network: numbers by curve, and the tolerance."""
    figure = read_figures()[name]
    result = compute(name, sample_of(figure.shared.digit, SMALL), layers=SMALL)
    numbers = {}
    for frame in KINDS[figure.kind].frames(result).values():
        curves, tolerance = comparable(figure, frame)
        numbers |= curves
    return numbers, tolerance


@pytest.fixture(autouse=True)
def one_thread():
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture
def numbers_of_small():
    return small_numbers
