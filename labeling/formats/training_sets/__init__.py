"""Data that PRMs are trained on, a file for each format."""
