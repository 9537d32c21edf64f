"""What a PRM's scores come to, on arrays: ProcessBench, Best-of-N, biases, calibration, slices."""
