"""A training run: what it leaves, and that nothing is lost when it is stopped."""

import dataclasses
import json

import keras
import numpy as np
import pytest
import tensorflow as tf

from igc_tf.training import CONDITIONAL_GAN_RECIPES
from igc_tf.training.every_few_epochs import EveryFewEpochs
from igc_tf.training.train_conditional_gan import build_conditional_gan
from tests.training.tiny_conditional_run import RECIPE, main


def _saved(output):
    """All arrays of the last checkpoint, by name."""
    reader = tf.train.load_checkpoint(tf.train.latest_checkpoint(output / "checkpoints"))
    return {
        name: reader.get_tensor(name)
        for name in reader.get_variable_to_shape_map()
        if name != "_CHECKPOINTABLE_OBJECT_GRAPH" and not name.startswith("save_counter")
    }


@pytest.fixture(scope="module")
def uninterrupted(tmp_path_factory):
    output = tmp_path_factory.mktemp("uninterrupted")
    main(output)
    return output


def test_leaves_generators_and_sheets_to_choose_from_and_a_choice(uninterrupted):
    options = json.loads((uninterrupted / "options.json").read_text())
    assert options["recipe"] == RECIPE.to_dict() and options["family"] == "conditional_gan"
    assert options["data"]["train"] == 96
    for folder, suffix in (("generators", "keras"), ("samples", "png")):
        names = sorted(path.name for path in (uninterrupted / folder).iterdir())
        assert names == [f"epoch-002.{suffix}", f"epoch-003.{suffix}"]
    best = json.loads((uninterrupted / "best.json").read_text())
    assert best["epoch"] in (2, 3) and best["count"] == 10
    chosen = keras.models.load_model(uninterrupted / "generator.keras")
    offered = keras.models.load_model(
        uninterrupted / "generators" / f"epoch-{best['epoch']:03d}.keras"
    )
    for found, expected in zip(chosen.get_weights(), offered.get_weights(), strict=True):
        np.testing.assert_array_equal(found, expected)
    assert chosen.inputs[1].shape == (None, 6)


def test_run_stopped_after_an_epoch_ends_with_the_same_weights(
    uninterrupted, tmp_path, monkeypatch
):
    class Stopped(Exception):
        pass

    end = EveryFewEpochs.on_epoch_end

    def stop_in_the_second(self, epoch, logs=None):
        if epoch == 1:
            raise Stopped
        end(self, epoch, logs)

    with monkeypatch.context() as patched, pytest.raises(Stopped):
        patched.setattr(EveryFewEpochs, "on_epoch_end", stop_in_the_second)
        main(tmp_path)
    assert not (tmp_path / "result.json").exists()
    first = _saved(tmp_path)
    main(tmp_path)
    resumed, expected = _saved(tmp_path), _saved(uninterrupted)
    assert resumed.keys() == expected.keys()
    for name, value in expected.items():
        np.testing.assert_allclose(resumed[name], value, rtol=1e-4, atol=1e-5, err_msg=name)
    moved = [not np.allclose(first[name], value, atol=1e-5) for name, value in expected.items()]
    assert np.mean(moved) > 0.5
    result = json.loads((tmp_path / "result.json").read_text())
    assert result["epochs"] == 3 and result["best"]["epoch"] in (2, 3)


def test_other_options_in_the_same_directory_are_refused(uninterrupted):
    with pytest.raises(ValueError, match=r"latent_size.*6, 7"):
        main(uninterrupted, dataclasses.replace(RECIPE, latent_size=7))


def test_every_few_epochs_and_the_last():
    seen = []

    class Seen(keras.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            seen.append(epoch + 1)

    callback = EveryFewEpochs(3, 8, [Seen()])
    for epoch in range(8):
        callback.on_epoch_end(epoch)
    assert seen == [3, 6, 8]


@pytest.mark.parametrize(
    "values",
    [
        {"size": "huge"},
        {"latent_size": 0},
        {"optimizer": "lion"},
        {"learning_rate": float("nan")},
        {"condition_sigma": -0.1},
        {"averaging_decay": 1.0},
        {"checkpoint_epochs": 0},
        {"train_images": 3},
    ],
)
def test_recipe_refuses_values_outside_their_ranges(values):
    (name, value) = next(iter(values.items()))
    with pytest.raises(ValueError, match=str(value)):
        dataclasses.replace(RECIPE, **{name: value})


def test_the_documents_recipe_descends_without_momentum():
    model = build_conditional_gan(CONDITIONAL_GAN_RECIPES["document"])
    for optimizer in (model.generator_optimizer, model.discriminator_optimizer):
        assert isinstance(optimizer, keras.optimizers.SGD)
        assert (optimizer.momentum, float(optimizer.learning_rate)) == (0.0, pytest.approx(0.01))
    model = build_conditional_gan(RECIPE)
    assert isinstance(model.generator_optimizer, keras.optimizers.Adam)
