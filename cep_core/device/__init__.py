"""Networks as a device runs them, and how far from the ideal the GDU property and training last."""
