"""Unions: two records of one person become one, and apart again.

Owns       member merges with the lots they moved.
Offers     services.merge, services.undo_merge.
Announces  member.merged, member.unmerged.
"""
