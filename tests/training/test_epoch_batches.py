"""The order of the training images."""

from types import SimpleNamespace

import numpy as np

from igc_tf.training.epoch_batches import epoch_batches

RECIPE = SimpleNamespace(batch_size=4, epochs=3, seed=5)
IMAGES = np.arange(22, dtype=np.float32)[:, np.newaxis]


def _epochs(recipe, first_epoch=0):
    batches = list(epoch_batches(IMAGES, 10 * np.arange(22), recipe, first_epoch))
    for images, labels in batches:
        np.testing.assert_array_equal(10 * images[:, 0], labels)
    order = np.concatenate([images[:, 0] for images, _ in batches]).astype(int)
    return order.reshape(-1, 20)


def test_each_epoch_has_its_own_order_of_different_images():
    epochs = _epochs(RECIPE)
    assert epochs.shape == (3, 20)
    for epoch in epochs:
        assert len(set(epoch)) == 20
        assert abs(np.diff(epoch)).mean() > 3
    assert (epochs[0] != epochs[1]).mean() > 0.5 and (epochs[1] != epochs[2]).mean() > 0.5
    other = _epochs(SimpleNamespace(**{**vars(RECIPE), "seed": 6}))
    assert (epochs[0] != other[0]).mean() > 0.5


def test_a_resumed_run_finds_the_same_order():
    np.testing.assert_array_equal(_epochs(RECIPE, first_epoch=1), _epochs(RECIPE)[1:])
