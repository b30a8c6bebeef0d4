"""The trainings at full length: what the statistics say, claims in words, and figures."""

from reproduce.report.sections import Section
from reproduce.report.sections.published import word

SECTION = Section(15, "The trainings at full length", "Trainings", "trainings", word=word)
