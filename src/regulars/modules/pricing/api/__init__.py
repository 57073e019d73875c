"""HTTP shapes of pricing."""
