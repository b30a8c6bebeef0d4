"""Many independent trainings: rows, seeds and what is varied."""
