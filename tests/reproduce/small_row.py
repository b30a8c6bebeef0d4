"""A row of a user's own, as a TOML file would hold it, that trains in no time."""

SMALL_ROW = """
name = "small"
title = "EP, small"
rule = "EP"
sizes = [784, 16, 10]
learning_rates = [0.1, 0.2]
beta = 0.1
free_steps = 10
nudged_steps = 5
epochs = 1
"""


def small_row(*, epochs: int) -> str:
    """The row with another number of epochs."""
    return SMALL_ROW.replace("epochs = 1", f"epochs = {epochs}")
