"""Segments: what is known of members, which rules are asked of it, and who is in a segment.

Owns       facts about members, segments, memberships, lists and their entries, tags.
Offers     queries.segments_of; gather.SEGMENTS_OF_WHO; preview.preview; services (segments, lists,
           tags, take_scores); sources.tell, for modules above that know facts; handing.hand_over,
           for those that make them of everybody at once.
Announces  segment.entered, segment.left, segment.changed, member.tagged, member.untagged.
Hears      order.*, orders.imported, points.*, tier.*, consent.*, member.*, product.changed,
           programme.published.
"""
