import pytest
import torch

from reproduce.figures.compute import compute
from reproduce.figures.plotting import order_frame, process_frame
from reproduce.figures.sample import sample_of
from reproduce.figures.specs import OrderFigure, read_figures
from reproduce.regress import comparable

SMALL = (784, 128, 10)


def small_numbers(name):
    """What is compared of a figure, on a small network: numbers by curve, and the tolerance."""
    figure = read_figures()[name]
    result = compute(name, sample_of(figure.shared.digit, SMALL), layers=SMALL)
    if isinstance(figure, OrderFigure):
        return comparable(figure, order_frame(result))
    numbers = {}
    for part in figure.parts:
        curves, tolerance = comparable(figure, process_frame(result, part))
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
