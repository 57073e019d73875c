"""Experiments: whether what is promised changes what members do.

Owns       experiments, who was assigned to which arm, and what was frozen of them then.
"""
