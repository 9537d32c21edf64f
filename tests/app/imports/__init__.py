"""Tests of the page Import."""
