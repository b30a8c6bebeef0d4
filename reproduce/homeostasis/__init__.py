"""Experiments with directed networks and Jacobian homeostasis (2309.02214)."""
