"""Connectors: order, refund and member files in, with what went wrong told row by row.

Owns       import runs and their progress, and whom each row of a member file meant; reading of
           files (pure, in reading/).
Offers     services.start_import, run_import, undo_run; queries.runs, brought.
Announces  import.completed, import.undone.
"""
