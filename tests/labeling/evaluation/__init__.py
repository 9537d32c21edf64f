"""Stored evaluations, and what they were measured on."""
