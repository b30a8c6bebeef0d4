"""The paper's training table."""
