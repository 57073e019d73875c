"""Promotions: what a merchant promises on a price, and to whom.

Owns       offers as documents, the merchant's book of them with its version, pricing settings.
Offers     types.Offer and its parts; queries.book, BOOK_VERSION, offer_view; eligibility.matcher;
           facts.buyer_facts; holding_out.held_out_of; gather.BUYER_OF_WHO; keys (what is counted
           of an offer); services.create_offer, change_offer, put_settings.
Announces  offer.created, offer.changed, pricing.settings_changed,
           funder.cap_changed, supply.changed.
"""
