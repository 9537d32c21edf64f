"""Going to another page of the app from the server."""
