"""The prepared playground project: sampled, built, unpacked."""
