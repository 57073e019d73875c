"""Unions: two records of one person become one, and apart again.

Owns       member merges with the lots they moved.
Offers     services.merge, services.undo; queries.merged_into.
Announces  member.merged, member.unmerged.
"""
