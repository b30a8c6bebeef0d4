"""Networks of directed weights: estimators, the reduced tier, and what long runs have shown."""

from reproduce.report.sections import Section

SECTION = Section(
    76, "Jacobian homeostasis: without symmetric weights", "Homeostasis", "homeostasis"
)
