"""Catalog: what is sold, as far as the programme needs to know it.

Owns       products (name, category, type, tags, list price), the history of list prices and of the
           prices at which units were sold, and by which region's rule one may be struck through.
Offers     services.put_product, learn_products, put_strike_region, note_deals; queries.product,
           search, articles, list_prices, product_facts, product_names, strike_region,
           lawful_references; reference_price.reference_price, lawful_strike.
Announces  product.changed, catalog.strike_region_changed.
"""
