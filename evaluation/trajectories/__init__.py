"""The experiments of "Inverse classification using generative models"."""
