"""How an epoch's generator is judged."""

import json
from types import SimpleNamespace

import numpy as np

from igc_tf.data import add_gaussian_noise
from igc_tf.runs import RunDirectory
from igc_tf.training.generator_validation import GeneratorValidation
from tests.fixtures.mean_digits import mean_digit_generator


def test_the_mean_over_the_noise_decides_and_each_image_counts_once(tmp_path):
    images = np.zeros([6, 28, 28, 1], np.float32)
    answers = np.arange(6) % 2
    seen = []

    class RightWithoutNoise:
        def __init__(self, generator):
            seen.append(generator)

        def evaluate(self, judged, expected, verbose):
            right = (judged.std(axis=(1, 2, 3)) == 0) & (expected == np.tile(answers, 2))
            assert judged.shape == (12, 28, 28, 1)
            np.testing.assert_array_equal(judged[6:], add_gaussian_noise(images, 0.3, 0))
            return SimpleNamespace(accuracy=right.mean())

    judge = GeneratorValidation(
        RunDirectory(tmp_path), images, answers, (0.0, 0.3), RightWithoutNoise
    )
    model = SimpleNamespace(averaged_generator=mean_digit_generator())
    judge.set_model(model)
    judge.on_train_begin()
    logs = {}
    judge.on_epoch_end(0, logs)
    assert seen == [model.averaged_generator] and logs == {"val_accuracy": 0.5}
    best = json.loads((tmp_path / "best.json").read_text())
    assert (best["accuracy"], best["count"]) == (0.5, 6)
    assert (tmp_path / "generator.keras").is_file()
