"""What steering shows to whom."""
