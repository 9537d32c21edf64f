"""Files and the project: which solutions they mean, storing what they say, reading it whole."""
