"""The experiments of "Inverse Classification using GANs"."""
