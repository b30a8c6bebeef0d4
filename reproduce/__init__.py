"""Regenerates every figure and table of the paper, each with a verdict, into versioned reports."""
