"""Review: what its queues hold, and who is handed which solution."""
