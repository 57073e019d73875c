"""Merchants: the tenants who run a programme, their stores, staff, roles and API keys.

Owns       merchants with currency, zone and programme clock; stores; staff roles; API keys;
           one-time sign-in links.
Offers     queries.merchant, queries.principal_of_key; services.create_merchant, create_key,
           create_staff, move_clock.
"""
