"""What people look at, and what becomes of what they send."""
