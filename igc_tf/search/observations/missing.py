"""Pixels that are missing: what a picture shows around them, until an encoder has read it."""

import tensorflow as tf

from igc_tf.search.observations.blur import along_both

# the first width of the averages, pixels; each further one is twice as wide
_FINEST = 0.7
# up to which share of the picture's shorter side
_WIDEST = 0.25
# the share of an average's weight that must be on visible pixels to rely on it alone
_ENOUGH = 0.05


def fill_missing(data, visible, background):
    """Pictures whose missing pixels are averages of the visible ones around them.

    The average is by a Gaussian as narrow as it can be and still reach visible pixels enough
    ("normalised convolution", Knutsson & Westin 1993): gaps of a pixel are filled sharply, large
    ones smoothly, and what lies far from all that is visible is background.

    Args:
        data: float32 (B, H, W, channels); where a pixel is missing, anything.
        visible: (B, H, W, channels), or broadcastable to it, from 0 where a pixel is missing to 1;
            what is partly visible is partly filled.
        background: of the data.

    Returns:
        float32 (B, H, W, channels).
    """
    visible = tf.broadcast_to(tf.cast(visible, tf.float32), tf.shape(data))
    # what is missing may not be a number
    shown = tf.where(visible > 0, data, 0.0)
    shown.set_shape(data.shape)
    visible.set_shape(data.shape)
    filled, unfilled = tf.zeros_like(shown), tf.ones_like(shown)
    for width in _widths(min(data.shape[1:3])):
        weight, total = (along_both(part, width, (0, 0)) for part in (visible, visible * shown))
        share = unfilled * tf.minimum(weight / _ENOUGH, 1.0)
        filled += share * tf.math.divide_no_nan(total, weight)
        unfilled -= share
    filled += unfilled * background
    return visible * shown + (1.0 - visible) * filled


def _widths(side):
    """The averages' widths for a picture of a shorter side, a (1,) each."""
    widths = [_FINEST]
    while 2 * widths[-1] <= _WIDEST * side:
        widths.append(2 * widths[-1])
    return [tf.constant([width], tf.float32) for width in widths]
