"""The conditional GANs that ship, for inverse classification (000)."""

import numpy as np

import igc_tf
from evaluation.inverse_classification.searches import InverseSearch
from igc_tf.data import ConditionLayout, bundled_digits
from igc_tf.generators.store import load_generator
from igc_tf.pretrained import publish_generator
from igc_tf.runs import RunDirectory, json_ready
from igc_tf.training import ConditionalGANRecipe
from igc_tf.training.train_gan import build_gan


def test_both_searches_read_real_digits_and_reproduce_them():
    # digits it was not trained on; chance is 10 %
    digits = bundled_digits().sample(60, seed=123)
    generator = igc_tf.load_generator("mnist-cgan-compact-25")
    relaxed, entropy, difference = InverseSearch().answers(generator, digits.images, 1, 0, 60)
    assert (relaxed[0] == digits.labels).mean() > 0.45
    assert 0.1 < entropy < np.log(10)
    nothing = np.square(digits.images - digits.images.mean(axis=0)).mean()
    assert difference < 0.4 * nothing
    search = InverseSearch(method="enumerated", steps=20, learning_rate=0.1)
    enumerated, _, _ = search.answers(generator, digits.images, 1, 0, 600)
    assert (enumerated[0] == digits.labels).mean() > 0.75


def test_published_generator_loads_as_what_it_was(tmp_path):
    recipe = ConditionalGANRecipe(latent_size=3)
    generator = build_gan(recipe, ConditionLayout.classes(10), (28, 28, 1)).averaged_generator
    run = RunDirectory(tmp_path / "run")
    run.write("generator.keras", generator.save)
    run.write_json("options.json", {"family": "conditional_gan", "recipe": json_ready(recipe)})
    run.write_json("best.json", {"epoch": 1})
    card = publish_generator(run, "own", "commit", "command", folder=tmp_path)
    loaded = load_generator(tmp_path / "own")
    assert loaded.card == card and loaded.latent_size == 3
    inputs = [np.eye(10, dtype=np.float32), np.ones([10, 3], np.float32)]
    np.testing.assert_allclose(loaded.model(inputs), generator(inputs), atol=2e-3)
