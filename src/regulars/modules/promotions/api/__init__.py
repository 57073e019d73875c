"""HTTP shapes of offers and pricing settings."""
