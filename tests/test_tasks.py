import numpy as np
import pytest

from igc_tf.data import bundled_digits
from igc_tf.tasks import TASKS


@pytest.mark.parametrize("name", TASKS)
def test_conditions_are_one_hot_for_each_label_and_say_the_answer(name):
    task, digits = TASKS[name], bundled_digits().sample(50, seed=0)
    images, answers, conditions = task.prepare(digits, seed=3)
    assert images.shape == digits.images.shape and conditions.dtype == np.float32
    per_label = conditions.reshape(50, task.labels, -1)
    np.testing.assert_array_equal(
        np.sort(per_label, axis=-1)[..., -2:], np.tile([0, 1], (50, task.labels, 1))
    )
    np.testing.assert_array_equal(per_label.argmax(axis=-1), answers.reshape(50, task.labels))
    assert len(task.label_names) in (0, task.labels)


def test_classes_are_left_as_they_are():
    digits = bundled_digits().sample(50, seed=0)
    images, answers, _ = TASKS["classes"].prepare(digits, seed=3)
    np.testing.assert_array_equal(images, digits.images)
    np.testing.assert_array_equal(answers, digits.labels)
