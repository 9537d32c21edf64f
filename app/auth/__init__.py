"""Who people are: sign-in by a provider, or a typed name."""
