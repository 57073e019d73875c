"""Promotions: what a merchant promises on a price, and to whom.

Owns       offers, as documents and as the frozen values that the evaluator reads.
Offers     types.Offer and its parts.
"""
