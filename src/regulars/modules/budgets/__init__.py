"""Budgets: what a promise may cost at most, and who has a claim on it.

Owns       counters (how much of a key is taken) and claims (who took it, and until when).
Offers     gather.SEEN, CLAIMS_OF_OWNER; sheet.Sheet for the settling path; jobs that free what
           nobody came back for; verification.
"""
