"""Members: people, how they are recognised, and what they agreed to.

Owns       members, identities (encrypted, with a keyed blind index), consents, card tokens.
Offers     services.enrol, record_consent; describing.describe; queries.member, by_identity,
           carrier_of, names, search; gather.MEMBER_BY_IDENTITY; enrolment's rows for the settling
           path; bringing.Bringing and taking_back for lists of people; parts.also_tell.
Announces  member.enrolled, member.identified, member.updated, member.removed, consent.granted,
           consent.withdrawn.
"""
