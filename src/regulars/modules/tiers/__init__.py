"""Tiers: who stands on which rung, why, and until when.

Owns       standings, their history and manual floors.
Offers     rules (pure: replay, advance), statement and forecast (pure); queries (one stand, the
           ladder with everybody on it, the outlook of a draft); services.set_floor, review_due,
           follow_programme.
Announces  tier.upgraded, tier.downgraded, tier.prolonged, tier.at_risk.
"""
