"""Binary labels as a condition vector."""

import numpy as np


def label_conditions(labels):
    """Returns the condition of each set of labels: for every label a one-hot pair.

    Label l takes the elements 2l (set where it is 0) and 2l + 1 (set where it is 1), so each
    value of each label has an activation of its own in the conditional activation GAN, and "not
    odd" is as much a condition as "odd".

    Args:
        labels: integers (N, L) in {0, 1}.

    Returns:
        float32 (N, 2L) in {0, 1}; each row sums to L.
    """
    labels = np.asarray(labels)
    pairs = np.stack([1 - labels, labels], axis=-1).astype(np.float32)
    return pairs.reshape(len(labels), 2 * labels.shape[1])
