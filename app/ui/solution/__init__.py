"""The parts of the page Solution."""
