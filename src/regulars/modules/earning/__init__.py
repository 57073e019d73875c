"""Earning: what an order brings, under which rule, up to which cap.

Owns       earning rules (types and pure functions) and the activity of a member per program day,
           which tiers count and caps look at.
Offers     rules.earned, rules.expiry_of; types.EarningRule; gather of a member's activity.
"""
