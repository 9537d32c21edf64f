"""Getting around: the list that a page was opened from."""
