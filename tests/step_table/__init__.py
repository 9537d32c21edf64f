"""The step table, in a browser and by its rules."""
