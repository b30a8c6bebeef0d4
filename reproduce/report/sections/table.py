"""The quick tier of the training table."""

from reproduce.report.sections import Section

SECTION = Section(80, "Quick tier of the table", "Quick tier", "table")
