"""The corruptions of MNIST-C, and others, read by the library and by plain networks."""
