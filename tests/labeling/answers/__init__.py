"""Tests of labeling/answers."""
