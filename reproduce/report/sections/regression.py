"""The comparison with the committed baselines."""

from reproduce.report.sections import Section

SECTION = Section(110, "Regression", "Regression", "regression")
