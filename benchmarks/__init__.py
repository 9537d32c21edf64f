"""Benchmarks: one command each; see the docstrings."""
