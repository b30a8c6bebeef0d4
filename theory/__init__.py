"""Proves the theorem: symbolically, in exact arithmetic at full size, and with certificates."""
