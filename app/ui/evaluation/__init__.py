"""The page Evaluation: a file for each of its figures."""
