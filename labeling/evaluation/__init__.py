"""Evaluation of annotators over a project."""
