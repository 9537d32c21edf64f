"""The page Solution."""
