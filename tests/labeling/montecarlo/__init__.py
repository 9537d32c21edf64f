"""Tests of labeling/montecarlo."""
