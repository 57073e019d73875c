"""Tills: devices that sell without a line, and what becomes of what they sold.

Owns       tills, their keys and numbers, the envelopes they sent, a merchant's terms for them.
Offers     services (enrol, register, revoke, give_up, change_terms); taking.take; queries.
Announces  till.enrolled, till.registered, till.revoked, till.envelope_refused,
           till.number_given_up.
"""
