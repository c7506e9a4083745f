"""The programs that made every published table and figure, each with its results beside it.

Importing this package starts TensorFlow quietly.
"""

from igc_tf.cli.program import import_tensorflow_quietly, program_errors

with program_errors():
    import_tensorflow_quietly()
