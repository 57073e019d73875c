"""Tiers: who stands on which rung, why, and until when.

Owns       standings, their history and manual floors.
Offers     rules (pure: replay, advance, statement); queries.statement; services.set_floor,
           services.review_due.
Announces  tier.joined, tier.upgraded, tier.downgraded, tier.prolonged, tier.at_risk.
"""
