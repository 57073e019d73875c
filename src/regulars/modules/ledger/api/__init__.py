"""HTTP shapes of the ledger."""
