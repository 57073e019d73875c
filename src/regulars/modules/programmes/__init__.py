"""Programmes: what a merchant promises, in versions that take effect from an instant.

Owns       versioned programme documents (tiers, earning, expiry) and the templates.
Offers     queries.programme_at; services.put_programme; templates.
Announces  programme.published.
"""
