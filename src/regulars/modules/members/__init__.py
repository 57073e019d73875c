"""Members: people, how they are recognised, and what they agreed to.

Owns       members, identities (encrypted, with a keyed blind index), consents.
Offers     services.enrol, services.record_consent; queries.member, by_identity, search;
           gather.MEMBER_BY_IDENTITY.
Announces  member.enrolled, consent.granted, consent.withdrawn.
"""
