"""Connectors: order and refund files in, with what went wrong told row by row.

Owns       import runs and their progress; reading of files (pure, in reading/).
Offers     services.start_import, run_import, undo_run; queries.runs.
Announces  import.completed, import.undone.
"""
