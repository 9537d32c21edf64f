"""Tests of labeling/jobs."""
