"""The trainings at full length: what the statistics say, claims in words, and figures."""

from reproduce.report.sections import Section

SECTION = Section(15, "The trainings at full length", "Trainings", "trainings")
