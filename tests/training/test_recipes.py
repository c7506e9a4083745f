"""What recipes refuse, and that the published ones say what the documents say."""

import dataclasses

import numpy as np
import pytest

from igc_tf.data import bundled_digits, label_digits
from igc_tf.search import SearchSettings
from igc_tf.training import (
    RECIPES,
    CAGANRecipe,
    ConditionalGANRecipe,
    DCGANRecipe,
    NetworkRecipe,
    SequenceRecipe,
)
from igc_tf.training.class_separation import ClassSeparation

NAMED_LENGTHS = ("cgan-medium", "vanilla-gan")
REFUSED = [
    (CAGANRecipe, {"size": "huge"}),
    (CAGANRecipe, {"labels": "letters"}),
    (CAGANRecipe, {"epochs": 0}),
    (CAGANRecipe, {"stop_after": 101}),
    (CAGANRecipe, {"learning_rate": -1.0}),
    (CAGANRecipe, {"learning_rate": float("nan")}),
    (CAGANRecipe, {"averaging_decay": 1.0}),
    (CAGANRecipe, {"train_images": 3}),
    (NetworkRecipe, {"seed": -1}),
    (SequenceRecipe, {"seed": 2**31}),
    (CAGANRecipe, {"validation_sigmas": ()}),
    (CAGANRecipe, {"validation_sigmas": (0.0, -0.1)}),
    (CAGANRecipe, {"precision": "float8"}),
    (CAGANRecipe, {"encoder": "compact"}),
    (ConditionalGANRecipe, {"size": "huge"}),
    (ConditionalGANRecipe, {"latent_size": 0}),
    (ConditionalGANRecipe, {"optimizer": "lion"}),
    (ConditionalGANRecipe, {"condition_sigma": -0.1}),
    (ConditionalGANRecipe, {"generator_loss": "hinge"}),
    (ConditionalGANRecipe, {"discriminator_learning_rate": 0.0}),
    (ConditionalGANRecipe, {"checkpoint_epochs": 0}),
    (DCGANRecipe, {"network": "recurrent"}),
    (DCGANRecipe, {"size": "compact"}),
    (DCGANRecipe, {"dropout": 1.0}),
    (DCGANRecipe, {"virtual_batch": 0}),
    (DCGANRecipe, {"real_target": 1.1}),
    (DCGANRecipe, {"fake_target": -0.1}),
    (DCGANRecipe, {"loss_batches": 0}),
    (DCGANRecipe, {"discriminator": "blind"}),
    (DCGANRecipe, {"classifier_weight": -1.0}),
    (DCGANRecipe, {"adversarial_weight": float("nan")}),
    (NetworkRecipe, {"batch_size": 0}),
    (NetworkRecipe, {"labels": "none"}),
    (NetworkRecipe, {"final_learning_rate": float("inf")}),
    (NetworkRecipe, {"network": "resnet"}),
    (NetworkRecipe, {"sigma": -0.1}),
    (NetworkRecipe, {"validation": "test"}),
    (NetworkRecipe, {"validation_sigmas": (0.0, -0.1)}),
    (SequenceRecipe, {"network": "transformer"}),
    (SequenceRecipe, {"classes": 0}),
    (SequenceRecipe, {"per_class": 0}),
    (SequenceRecipe, {"input_noise": -0.1}),
    (SequenceRecipe, {"batches_per_epoch": 0}),
]


@pytest.mark.parametrize(("recipe", "values"), REFUSED)
def test_refuses_values_outside_their_ranges(recipe, values):
    ((name, value),) = values.items()
    with pytest.raises(ValueError, match=f"^{name}=.*expected"):
        recipe(**values)
    assert getattr(recipe(), name) != value


def test_ends_where_it_should():
    assert CAGANRecipe(epochs=5).last_epoch == 5
    assert CAGANRecipe(epochs=5, stop_after=2).last_epoch == 2


def test_the_authors_recipe_trains_as_the_paper_does():
    recipe = RECIPES["cagan-paper"]
    assert (recipe.size, recipe.separation, recipe.precision) == ("paper", None, "float32")
    assert (recipe.epochs, recipe.batch_size, recipe.learning_rate) == (100, 32, 1e-5)
    assert (recipe.beta_1, recipe.beta_2, recipe.final_learning_rate) == (0.9, 0.999, None)


def test_the_compact_recipe_searches_as_far_as_the_papers_search():
    search, paper = RECIPES["cagan-compact"].separation.settings, SearchSettings()
    assert search.steps * search.learning_rate == pytest.approx(paper.steps * paper.learning_rate)
    assert search.steps < 10


def test_each_separation_starts_where_it_should():
    from_the_mean, from_the_encoder = (
        ClassSeparation(SearchSettings(start=start)) for start in ("mean", "encoder")
    )
    CAGANRecipe(separation=from_the_mean, joint=from_the_encoder, encoder="compact")
    with pytest.raises(ValueError, match="separation.settings.start='encoder': expected 'mean'"):
        CAGANRecipe(separation=from_the_encoder)
    with pytest.raises(ValueError, match="joint.settings.start='mean': expected 'encoder'"):
        CAGANRecipe(joint=from_the_mean, encoder="compact")


def test_the_courseworks_recipes_are_what_their_names_say():
    medium = RECIPES["cgan-medium"]
    assert (medium.learning_rate, medium.beta_1, medium.batch_size) == (2e-3, 0.5, 128)
    assert (medium.network, medium.size, medium.labels) == ("dense", "medium", "classes")
    # 20,000 batches of the 55,000 images, and 200,000
    assert [RECIPES[name].epochs * (55_000 // 128) // 10_000 for name in NAMED_LENGTHS] == [2, 20]
    assert medium.averaging_decay == 0 and medium.final_learning_rate is None

    def differs(name, base):
        one, other = vars(RECIPES[name]), vars(RECIPES[base])
        return {key: value for key, value in one.items() if value != other[key]}

    assert differs("cgan-medium-ls", "cgan-medium") == {"real_target": 0.9}
    assert differs("cgan-medium-ls-both", "cgan-medium-ls") == {"fake_target": 0.1}
    assert differs("cgan-medium-vbn", "cgan-medium") == {"virtual_batch": 128}
    assert differs("cgan-medium-vbn-ls", "cgan-medium-ls") == {"virtual_batch": 128}
    assert differs("cgan-convolutional-ls", "cgan-convolutional") == {"real_target": 0.9}
    assert differs("dcgan-medium", "cgan-convolutional") == {"labels": "none"}
    assert differs("cgan-medium-classifier", "cgan-medium") == {"classifier": "mnist-lenet"}
    for kind in ("medium", "convolutional"):
        assert differs(f"acgan-{kind}", f"cgan-{kind}") == {"discriminator": "auxiliary"}
    assert RECIPES["dcgan-medium"].dropout == 0.25 and medium.dropout == 0.3
    assert RECIPES["dcgan-medium"].learning_rate == 2e-4
    assert differs("dcgan-medium-rate-0.002", "dcgan-medium") == {"learning_rate": 2e-3}
    for name in ("cgan-medium", "dcgan-medium"):
        for dropout in (0.1, 0.5):
            assert differs(f"{name}-dropout-{dropout}", name) == {"dropout": dropout}
        base = name.removesuffix("medium")
        assert differs(f"{base}shallow", name) == {"size": "shallow"}
        assert differs(f"{base}deep", name) == {"size": "deep"}


@pytest.mark.parametrize(
    "name", ["lenet-fair", "cnn-fair", "lenet-informed", "cnn-informed", "lenet-gaps"]
)
def test_fair_networks_see_what_class_separation_shows(name):
    recipe, separation = RECIPES[name], RECIPES["cagan-compact"].separation
    assert (recipe.distortion, recipe.sigma) == (separation.distortion, separation.sigma)
    assert recipe.validation == "validation/choices"
    # nobody is trained on the fifteen corruptions that are reported
    assert recipe.corruptions == ("validation" if "informed" in name else None)
    # of more images than the generator's encoder sees
    assert recipe.missing == (0.5 if "gaps" in name else 0.0)


def test_labels_are_those_of_the_set_or_the_binary_ones_of_a_digit():
    digits = bundled_digits().sample(50, seed=0)
    assert NetworkRecipe().labelled(digits) is digits
    recipe = dataclasses.replace(NetworkRecipe(), labels="digit_labels", seed=3)
    found, expected = recipe.labelled(digits), label_digits(digits, 3)
    assert (found.labels == expected.labels).all() and (found.data == expected.data).all()
    assert found.layout.num_labels == 4 and found.conditions.shape == (50, 8)
    found = DCGANRecipe(labels="none").labelled(digits)
    assert (found.conditions == np.ones([50, 1])).all() and (found.data == digits.data).all()


def test_the_recipe_chooses_the_images_by_their_name():
    recipe = dataclasses.replace(NetworkRecipe(), dataset="mnist")
    data = recipe.load("validation")
    assert (data.name, data.split, len(data)) == ("mnist", "validation", 5000)
