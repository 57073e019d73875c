"""HTTP shapes of segments."""
