"""Where a PRM is wrong in a project: biases, calibration, slices, agreement with another PRM."""
