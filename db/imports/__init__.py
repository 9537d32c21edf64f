"""What files say of solutions: which they mean, and storing it."""
