"""Anybody's scores and verdicts out of files: what a row says, and bringing it in."""
