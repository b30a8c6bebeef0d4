"""What the correction costs a device: the same training with a correction that is not exact."""
