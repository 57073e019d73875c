"""HTTP of connectors."""
