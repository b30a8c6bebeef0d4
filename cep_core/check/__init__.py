"""Checks: both sides of the GDU property, measures, verdicts."""
