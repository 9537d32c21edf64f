"""Tests of the page on a PRM's errors."""
