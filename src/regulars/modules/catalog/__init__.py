"""Catalog: what is sold, as far as the programme needs to know it.

Owns       products (name, category, type, tags, list price), the history of list prices, and by
           which region's rule a price may be struck through.
Offers     services.put_product, learn_products, put_strike_region; queries.product, search,
           articles, product_facts, product_names, strike_region, lawful_reference;
           reference_price.reference_price, lawful_strike.
Announces  product.changed, catalog.strike_region_changed.
"""
