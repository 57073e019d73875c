"""Notices: what a member should hear in time, told once: points about to expire, a tier nearly
reached, a tier about to be lost.

Owns       notices that were announced, and up to which day everybody was looked at.
Offers     services.announce_due; queries.standing.
Announces  points.expiring, tier.nearly, tier.expiring.
"""
