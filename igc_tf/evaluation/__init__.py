"""Tables and figures, each from one run that leaves its files in one directory."""

from igc_tf.evaluation.noise_table import PAPER_ROWS, NoiseTable, NoiseTableOptions, noise_table

__all__ = ["PAPER_ROWS", "NoiseTable", "NoiseTableOptions", "noise_table"]
