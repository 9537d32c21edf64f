"""What runs in vLLM, in an environment of its own."""
