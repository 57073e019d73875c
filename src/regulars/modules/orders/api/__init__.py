"""HTTP shapes of orders."""
