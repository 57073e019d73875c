"""Pure: who is slipping away, measured against their own rhythm."""
