"""Builds the playground's tiny models from scratch."""
