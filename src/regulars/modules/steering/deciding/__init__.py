"""Whom to spend on: pure, from arrays of what is known to arrays of what is decided."""
