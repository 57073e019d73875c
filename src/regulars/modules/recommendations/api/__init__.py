"""What recommendations show to whom."""
