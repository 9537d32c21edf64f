"""What Monte Carlo gets wrong and why, and what labels cost, against the exact truth."""
