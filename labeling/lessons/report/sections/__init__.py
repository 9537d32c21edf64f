"""The sections of the report, a file each: a function `section` of what the run tells."""
