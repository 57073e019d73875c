"""Orders: what was bought, paid, given back; and what that settles in the ledger and the tiers.

Owns       orders, their lines, refunds; refunds that came before their order (parked).
Offers     services (place, pay, cancel, refund, preview_refund, refund_by_external_id);
           many.place_many; bulk.BulkSettler; queries (one order, lists, refunds).
Announces  order.created, order.paid, order.refunded, order.cancelled, orders.imported.
"""
