"""What is SQLite's alone: turns of its writers, and a project in one file."""
