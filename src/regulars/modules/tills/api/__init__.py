"""HTTP shapes of tills."""
