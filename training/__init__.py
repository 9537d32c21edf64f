"""From an export to a trained and evaluated process reward model; needs no database."""
