"""Coupons: codes that unlock an offer, and who may use them.

Owns       batches of coupons (offer and terms), the coupons in them, coupons to be issued later.
Offers     gather.read_codes, COUPONS, coupons_of; rules.resolve; counting (keys, claims);
           guessing.GUARD; queries.wallet, batch_view, written_codes; services.create_coupons,
           withdraw; sizing: what is due of coupons that others size, settled once.
Announces  coupons.created, coupons.withdrawn, coupon.issued.
Hears      order.paid, order.refunded, order.cancelled.
"""
