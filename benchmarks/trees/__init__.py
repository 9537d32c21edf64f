"""Prefix trees, measured; and a small real base to measure them with."""
