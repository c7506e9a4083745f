"""Which epoch's model is kept."""

import keras

from igc_tf.metrics import wilson_interval
from igc_tf.runs import RunDirectory
from igc_tf.training.keep_best import keep_best


def _constant(value):
    return keras.Sequential(
        [
            keras.Input([1]),
            keras.layers.Dense(1, bias_initializer=keras.initializers.Constant(value)),
        ]
    )


def test_keeps_the_first_of_the_best_whatever_comes_after(tmp_path):
    run = RunDirectory(tmp_path)
    for epoch, accuracy in enumerate([0.5, 0.7, 0.6, 0.7]):
        keep_best(run, "model.keras", _constant(epoch), epoch, accuracy, count=10)
    assert run.read_json("best.json") == {
        "epoch": 2,
        "accuracy": 0.7,
        "interval": list(wilson_interval(7, 10)),
        "count": 10,
    }
    kept = keras.models.load_model(tmp_path / "model.keras")
    assert kept.get_weights()[1] == [1]
