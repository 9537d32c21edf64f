"""Training a PRM on the command line."""
