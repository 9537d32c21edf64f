"""Read-only tables in the look of the app."""
