"""What stands behind the end of a sequence where a search is given data without a mask."""

import numpy as np

# far outside of any data, exact in float32, and finite: gradients of what is not compared are 0
PADDING = -1000.0


def padded(data):
    """Returns the sequences of `LabelledData`, `PADDING` where their mask is 0."""
    return np.where(data.mask, data.data, np.float32(PADDING))
