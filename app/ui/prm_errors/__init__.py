"""The parts of the page on a PRM's errors."""
