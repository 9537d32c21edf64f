"""The parts of Review, Queues and other pages that open, save and change queues."""
