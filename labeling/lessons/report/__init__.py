"""The report of a run: sections of plain data, in Markdown, as a page, and in the app."""
