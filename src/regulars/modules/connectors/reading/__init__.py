"""Reading: order, refund and member files in, validated pieces out. No database, no clock.

Offers     orders.open_orders, refunds.open_refunds, members.open_members,
           table.preview_file, completejourney.completejourney_parquet.
Refuses    types.UnreadableFile for a file that cannot be told row by row; everything smaller is
           a RowError of one row.
"""
