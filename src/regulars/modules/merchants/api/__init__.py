"""HTTP shapes of merchants."""
