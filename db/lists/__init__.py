"""Lists of solutions: what Browse, Review and Agreement read."""
