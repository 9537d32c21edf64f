"""How fast corrections are stored: one, and those of many people at once."""
