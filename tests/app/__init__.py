"""The app and the command line, from outside."""
