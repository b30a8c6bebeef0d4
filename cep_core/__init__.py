"""Equilibrium propagation with continual weight updates: dynamics, rules, gradients and checks."""

__version__ = "0.1.1"
