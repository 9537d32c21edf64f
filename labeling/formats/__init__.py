"""Formats of files: one file a format, reading and writing."""
