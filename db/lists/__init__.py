"""Lists of solutions: what Browse and Agreement read."""
