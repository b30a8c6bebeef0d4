"""Comparisons of ``python -m reproduce regress``, which brings the fixtures."""

import pandas as pd

from reproduce.figures.kinds import comparable, read_figures
from reproduce.stages import read_stage


def test_plotted_numbers(stages, plotted, num_regression):
    frame = pd.read_csv(stages.csv(plotted), index_col=0)
    numbers, tolerance = comparable(read_figures()[stages.owners[plotted]], frame)
    num_regression.check(numbers, default_tolerance=tolerance, basename=plotted)


def test_verdicts(stages, stage, data_regression):
    record = read_stage(stages.folder / stage)
    verdicts = {check["name"]: check["verdict"] for check in record["checks"]}
    data_regression.check(verdicts, basename=f"verdicts-{stage}")
