"""What insight shows to whom."""
