"""Completions of prompts, by Transformers, vLLM, a server or a Ray cluster."""
