"""Every number of the reports as Ibis expressions: fact tables in, small tables out.

Nothing here runs a query or knows an engine. ``purchases`` is the table that most others build on:
one row per member and program day with ``member_id``, ``day`` and ``value_minor``.
"""
