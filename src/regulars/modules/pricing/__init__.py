"""Pricing: one evaluator that shows, quotes, charges and gives back.

Pure: no database, no clock. docs/algorithms/pricing.md tells it with worked figures.

Offers     types (cart, context, evaluation), book.compile_offers, engine (evaluate,
           apply_combination), returns (what a partial return gives back).
"""
