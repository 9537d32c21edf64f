"""What the pages share: the open project, words, filters, charts, forms."""
