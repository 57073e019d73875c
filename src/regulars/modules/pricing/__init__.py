"""Pricing: one evaluator that shows, quotes, charges and gives back.

Offers     types (cart, context, evaluation).
"""
