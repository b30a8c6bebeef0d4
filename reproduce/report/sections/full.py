"""The table at the paper's epochs and trials, where this machine has trained it."""

from reproduce.report.sections import Section

SECTION = Section(90, "The table trained here in full", "Full tier", "table-full")
