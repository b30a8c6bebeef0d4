"""Speed."""

from reproduce.report.sections import Section

SECTION = Section(100, "Speed", "Speed", "benchmarks")
