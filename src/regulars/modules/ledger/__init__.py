"""Ledger: who holds how much of what, and every movement of it.

Owns       accounts, postings, lots, pending credits, holds and seals of points and growth value.
Offers     engine.Purse (decide), recorder (record), services (adjust, holds, seal, what falls due),
           queries (balances, entries, export, verification).
Announces  ledger.points_earned, points_redeemed, points_reversed, points_expired and their kin.
"""
