"""What people do to solutions, on the command line."""
