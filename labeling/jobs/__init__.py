"""Long runs: the runner, the work list, and the jobs that have no room of their own."""
