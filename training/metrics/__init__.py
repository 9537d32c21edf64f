"""What is known of a PRM's errors beside F1, on arrays: biases, calibration, ranking, slices."""
