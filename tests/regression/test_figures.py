"""Every figure on a small network against its committed numbers."""

from pathlib import Path

import pytest

from reproduce.baselines import read_frame
from reproduce.figures.kinds import read_figures
from reproduce.figures.specs import FIGURES


@pytest.mark.parametrize("name", list(read_figures(FIGURES / "figures.toml")))
def test_small_version_has_not_changed(name, numbers_of_small, num_regression):
    numbers, tolerance = numbers_of_small(name)
    num_regression.check(numbers, default_tolerance=tolerance, basename=f"small-{name}")
    assert set(numbers) == set(
        read_frame(Path(__file__).with_suffix("") / f"small-{name}.csv").columns
    )
