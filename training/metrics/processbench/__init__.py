"""ProcessBench's metric: verdicts at a threshold, its choice, versions, and the paper's figures."""
