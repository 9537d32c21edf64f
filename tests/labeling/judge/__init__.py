"""Tests of labeling/judge."""
