"""The trainings that are compared differ in what they are named after."""

from dataclasses import replace

from igc_tf.data import ConditionLayout
from igc_tf.training import RECIPES
from igc_tf.training.train_gan import build_gan
from training.ablation import MODELS


def recipe(name):
    (stage,) = MODELS[name]
    return stage.recipe


def test_compact_ones_differ_in_their_separation():
    separated, adversarial = recipe("compact-separation"), recipe("compact-adversarial")
    assert replace(separated, precision="float32") == RECIPES["cagan-compact"]
    # the loss alone also needs a smaller rate
    other = {"validation_images": 1000, "validation_sigmas": (0.0, 0.4), "learning_rate": 2e-3}
    assert replace(adversarial, separation=separated.separation, **other) == separated
    assert adversarial.learning_rate == 2e-4
    assert adversarial.separation is None and adversarial.joint is None


def test_the_papers_is_the_authors_recipe_cut_short():
    found = recipe("paper-adversarial")
    published = RECIPES["cagan-paper"]
    assert (found.last_epoch, found.epochs) == (30, published.epochs)
    assert (found.learning_rate, found.batch_size) == (published.learning_rate, 32)
    assert found.separation is None and found.joint is None


def test_an_encoder_is_built_for_the_papers_size():
    found = recipe("paper-joint")
    assert (found.size, found.last_epoch, found.separation) == ("paper", 6, None)
    model = build_gan(found, ConditionLayout.classes(10), (28, 28, 1))
    assert model.encoder is not None and model.averaged.encoder is not None
    assert model.averaged.latent_size == 256
