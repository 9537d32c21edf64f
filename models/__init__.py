"""Talking to models: generators, process reward models, the playground's tiny models."""
