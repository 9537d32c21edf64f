"""How annotators agree and disagree."""
