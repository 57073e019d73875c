"""HTTP shapes of the catalog."""
