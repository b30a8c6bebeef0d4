"""Other implementations' numbers, held against the definition."""
