"""Analytics: what the numbers are, and as of when.

Owns       Parquet facts per merchant and month, kept fresh from events; report definitions.
Offers     reports (repurchase, cohorts, rfm, tiers, points liability, coverage, second order,
           two versions of the programme); parts (what modules above hand in);
           services.refresh_facts.
Hears      order.*, orders.imported, ledger.*, tier.* (which months changed).
"""
