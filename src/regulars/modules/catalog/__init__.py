"""Catalog: what is sold, as far as the programme needs to know it.

Owns       products (name, category, type, tags, list price) and the history of list prices.
Offers     services.put_product, services.learn_products; queries.product, search,
           product_facts, product_names.
Announces  product.changed.
"""
