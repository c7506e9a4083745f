"""The `igc-tf` command; nothing here imports TensorFlow before a command needs it."""
