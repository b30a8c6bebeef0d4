"""Labelled digits."""
