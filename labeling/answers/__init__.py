"""Final answers: found in a text, and compared with the gold answer."""
