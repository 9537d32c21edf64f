"""Models behind an OpenAI-compatible server: asking, waiting, continuing an answer."""
