"""Files: bytes in, JSON values out, whatever they are packed in."""
