"""A PRM's threshold, and what its verdicts at that threshold come to."""
