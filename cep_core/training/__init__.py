"""Training: engines, epochs, checkpoints."""
