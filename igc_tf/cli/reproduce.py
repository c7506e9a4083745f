"""`igc-tf reproduce`."""

from igc_tf.cli.program import import_tensorflow_quietly
from igc_tf.reproduce import ReproduceOptions

__all__ = ["ReproduceOptions", "print_table"]


def print_table(options):
    """Prints the paper's table beside this machine's, and draws the paper's figures."""
    import_tensorflow_quietly()
    from igc_tf.reproduce import noise_table

    print(f"\n{noise_table(options)}")
