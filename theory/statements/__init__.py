"""One module per statement."""
