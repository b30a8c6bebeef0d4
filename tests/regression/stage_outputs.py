"""Comparisons of ``python -m reproduce regress``, which brings the fixtures."""

import pandas as pd

from reproduce.figures.kinds import comparable, read_figures
from reproduce.regress import BASELINES, unlike


def test_plotted_numbers(stages, plotted, num_regression):
    frame = pd.read_csv(stages.csv(plotted), index_col=0)
    figure = read_figures()[stages.owners[plotted]]
    if not stages.update:
        fault = unlike(figure, frame, BASELINES / f"{plotted}.csv")
        assert not fault, fault
    numbers, tolerance = comparable(figure, frame)
    num_regression.check(numbers, default_tolerance=tolerance, basename=plotted)


def test_verdicts(stages, stage, data_regression):
    verdicts = {check.name: str(check.verdict) for check in stages.records[stage].checks}
    data_regression.check(verdicts, basename=f"verdicts-{stage}")
