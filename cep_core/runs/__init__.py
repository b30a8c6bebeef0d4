"""Trainings: what a row of the table is, and a run of it in a directory of its own."""
