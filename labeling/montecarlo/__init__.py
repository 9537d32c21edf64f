"""Monte-Carlo step labels: the planner, its strategies, and the job."""
