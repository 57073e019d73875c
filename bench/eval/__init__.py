"""`make eval`: how well insight foretells, beside the simple rules anyone could count by hand."""
