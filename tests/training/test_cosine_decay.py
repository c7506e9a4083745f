"""The learning rate over a training."""

from types import SimpleNamespace

import pytest

from igc_tf.training.cosine_decay import cosine_decay


def test_falls_along_half_a_cosine():
    rate = cosine_decay(
        SimpleNamespace(learning_rate=0.4, final_learning_rate=0.1, epochs=3), steps_per_epoch=4
    )
    # cos 0, pi/3, pi/2, pi
    assert [float(rate(step)) for step in (0, 4, 6, 12)] == pytest.approx([0.4, 0.325, 0.25, 0.1])


def test_is_constant_without_a_final_rate():
    recipe = SimpleNamespace(learning_rate=0.4, final_learning_rate=None, epochs=3)
    assert cosine_decay(recipe, steps_per_epoch=4) == 0.4
