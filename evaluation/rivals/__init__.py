"""The classifier beside its rivals, in one run."""
