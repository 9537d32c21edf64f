"""Models behind a server: names, requests, replies, failures, keys."""
