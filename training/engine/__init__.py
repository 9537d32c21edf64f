"""The training engine: batches, the Trainer, adapters, and running it up to the best epoch."""
