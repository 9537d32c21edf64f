"""Tests of the page Evaluation."""
