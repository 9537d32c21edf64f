"""Benchmarks: solutions in which people marked the first error, a file for each format."""
