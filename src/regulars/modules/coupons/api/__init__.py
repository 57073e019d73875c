"""HTTP shapes of coupons."""
