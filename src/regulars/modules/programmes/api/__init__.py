"""HTTP shapes of programmes."""
