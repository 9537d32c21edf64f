"""What takes a whole project along in rows of `jsonl`: one file a thing, reading and writing it."""
