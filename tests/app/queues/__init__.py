"""Tests of saved queues in the app."""
