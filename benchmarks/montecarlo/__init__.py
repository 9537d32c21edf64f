"""Monte Carlo: what its scheduling, its strategies and its shared prefixes save."""
