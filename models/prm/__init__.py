"""Published process reward models: heads, input formats, and which checkpoint is which."""
