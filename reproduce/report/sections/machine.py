"""The machine-checked proof."""

from reproduce.report.sections import Section

SECTION = Section(60, "Machine-checked proof", "Coq", "proof")
