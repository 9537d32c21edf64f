"""What a run would learn from and take, found without training: counts, memory, time."""
