"""What changed since the report before."""

from reproduce.report.sections import Section

SECTION = Section(120, "Since the report before", "Changes")
