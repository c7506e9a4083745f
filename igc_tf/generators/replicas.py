"""Several replicas of a network that learn from one batch: what each of them draws of its numbers.

A step may run in several replicas at once (`tf.distribute`), on one machine or on many. Replica r
of R takes every R-th example of the batch, from the r-th on, and of the batch's random numbers
those of its examples: together they draw what one replica would draw. So is what comes first in a
batch, such as the examples that are searched, divided among them equally.
"""

import tensorflow as tf


def replica_count():
    """Returns in how many replicas the step runs at once; 1 where no step runs."""
    return tf.distribute.get_strategy().num_replicas_in_sync if _is_replica() else 1


def draw_rows(draw, count, axis=0):
    """Draws random numbers for the examples of this replica.

    Args:
        draw: `count -> numbers`, by a seed that all replicas have; for each example a row.
        count: of this replica's examples.
        axis: along which the rows lie.

    Returns:
        What `draw` gives for the examples of all replicas together, of it this replica's rows; with
        one replica `draw(count)`.
    """
    replicas = replica_count()
    if replicas == 1:
        return draw(count)
    first = tf.distribute.get_replica_context().replica_id_in_sync_group
    return tf.gather(draw(replicas * count), tf.range(first, replicas * count, replicas), axis=axis)


def _is_replica():
    return tf.distribute.get_replica_context() is not None
