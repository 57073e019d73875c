"""Lifetime value: what a member may still bring, from how often and how much they bought.

Owns       the BG/NBD and Gamma-Gamma models and their fits; the check against what really happened.
Offers     scoring.scores (members with expectations), scoring.calibration.
"""
