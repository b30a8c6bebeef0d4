"""Networks of directed weights: estimators, the reduced tier, and what long runs have shown."""

from reproduce.report.sections import Section

SECTION = Section(17, "Without symmetric weights", "Homeostasis", "homeostasis")
