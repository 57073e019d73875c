"""Carts a merchant can read, each with what it must cost and why."""
