"""Points at which identities are decided."""
