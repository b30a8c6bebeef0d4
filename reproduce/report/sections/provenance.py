"""Where everything comes from."""

from reproduce.report.sections import Section

SECTION = Section(130, "Settings and provenance", "Provenance")
