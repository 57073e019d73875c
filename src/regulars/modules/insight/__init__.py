"""Insight: what is likely to happen, learnt from what happened, and how well that is known.

Offers     clv (what a member may still bring).
"""
