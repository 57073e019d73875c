"""What a cart costs, worked out a second time: plainly, slowly, and by code of its own."""
