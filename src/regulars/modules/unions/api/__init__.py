"""HTTP shapes of merges."""
