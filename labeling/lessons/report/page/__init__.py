"""The report as a page: what it is made of, its style and its script."""
