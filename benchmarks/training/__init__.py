"""Training, measured: on a GPU, and beside another trainer."""
