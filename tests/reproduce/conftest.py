import pytest
import torch

from cep_core.data.mnist import Dataset
from cep_core.runs.row import Row


@pytest.fixture(autouse=True, scope="session")
def one_thread():
    """As every command trains: the bits depend on it."""
    torch.set_num_threads(1)


@pytest.fixture
def tiny_row():
    """A C-VF row, the one with the most chance in it, that trains in no time."""
    return Row(
        name="tiny",
        title="C-VF, small",
        rule="C-VF",
        sizes=(784, 12, 10),
        learning_rates=(0.02, 0.04),
        beta=0.2,
        free_steps=8,
        nudged_steps=4,
        epochs=3,
        angle=22.5,
        positive_probability=0.5,
        train_input_bias=False,
    )


@pytest.fixture
def tiny_data():
    """Random pixels, 130 to train (a partial last mini-batch) and 40 to test."""
    generator = torch.Generator().manual_seed(11)

    def part(count):
        images = torch.randint(0, 256, (count, 784), generator=generator, dtype=torch.uint8)
        return images, torch.randint(0, 10, (count,), generator=generator, dtype=torch.uint8)

    return Dataset("random", "random pixels", *part(130), *part(40), {"random": "11"})
