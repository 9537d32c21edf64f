"""Where a PRM is wrong, on the command line: biases, calibration, slices, agreement of two."""
