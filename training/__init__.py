"""How everything that ships was made: one file for each model, its stages as data.

`python -m training.mnist_cagan_compact --output DIR` trains one anew; the same command resumes it.
"""

from igc_tf.cli.program import import_tensorflow_quietly, program_errors

# the stages are recipes, which need it
with program_errors():
    import_tensorflow_quietly()
