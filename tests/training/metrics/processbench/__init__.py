"""Tests of the metrics beside F1."""
