"""HTTP shapes of experiments."""
