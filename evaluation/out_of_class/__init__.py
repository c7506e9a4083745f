"""What is no digit, and how well the library and others doubt it."""
