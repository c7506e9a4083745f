"""`igc-tf reproduce`."""

from igc_tf.evaluation.noise_table import NoiseTableOptions, noise_table


def reproduce(options: NoiseTableOptions) -> int:
    """Prints the paper's table beside this machine's, and draws the paper's figures."""
    table = noise_table(options, report=lambda line: print(line, flush=True))
    print()
    print(table)
    return 0
