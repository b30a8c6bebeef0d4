"""Planted errors, and what each method sees of them."""
