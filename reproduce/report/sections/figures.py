"""The theorem figures."""

from reproduce.report.sections import Section

SECTION = Section(70, "Figures", "Figures", "figures")
