"""Importing on the command line: what is shown before and after."""
