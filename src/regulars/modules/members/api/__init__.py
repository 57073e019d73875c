"""HTTP shapes of members."""
