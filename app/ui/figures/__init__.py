"""Figures that several pages draw: with a sentence and files, reliability."""
