"""Merchants: the tenants who run a programme, their stores, staff, roles and API keys.

Owns       merchants with currency, zone and programme clock; stores; staff roles; API keys;
           one-time sign-in links; sign-in, second factor and sessions.
Offers     queries.merchant, principal_of_key, seats; services.create_merchant, create_key,
           create_staff, move_clock, signing_in; types.PERMISSIONS and ROLES.
Announces  merchant.created, clock_moved, key_created, key_revoked, staff_changed.
"""
