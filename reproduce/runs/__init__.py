"""A row trained into a directory of its own."""
