"""StepLens as people meet it: the command line and the pages."""
