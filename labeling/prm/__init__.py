"""PRM scores as a job."""
