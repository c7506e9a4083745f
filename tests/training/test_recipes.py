"""What recipes refuse, and that the published ones say what the documents say."""

import dataclasses

import pytest

from igc_tf.data import bundled_digits, label_digits
from igc_tf.search import SearchSettings
from igc_tf.training import RECIPES, CAGANRecipe, ConditionalGANRecipe, LeNetRecipe, SequenceRecipe
from igc_tf.training.class_separation import ClassSeparation

REFUSED = [
    (CAGANRecipe, {"size": "huge"}),
    (CAGANRecipe, {"labels": "letters"}),
    (CAGANRecipe, {"epochs": 0}),
    (CAGANRecipe, {"stop_after": 101}),
    (CAGANRecipe, {"learning_rate": -1.0}),
    (CAGANRecipe, {"learning_rate": float("nan")}),
    (CAGANRecipe, {"averaging_decay": 1.0}),
    (CAGANRecipe, {"train_images": 3}),
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
    (LeNetRecipe, {"batch_size": 0}),
    (LeNetRecipe, {"final_learning_rate": float("inf")}),
    (LeNetRecipe, {"network": "resnet"}),
    (LeNetRecipe, {"sigma": -0.1}),
    (LeNetRecipe, {"validation": "test"}),
    (LeNetRecipe, {"validation_sigmas": (0.0, -0.1)}),
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


@pytest.mark.parametrize("name", ["lenet-fair", "cnn-fair"])
def test_fair_networks_see_what_class_separation_shows(name):
    recipe, separation = RECIPES[name], RECIPES["cagan-compact"].separation
    assert (recipe.distortion, recipe.sigma) == (separation.distortion, separation.sigma)
    assert recipe.validation == "validation/choices"


def test_labels_are_those_of_the_set_or_the_binary_ones_of_a_digit():
    digits = bundled_digits().sample(50, seed=0)
    assert LeNetRecipe().labelled(digits) is digits
    recipe = dataclasses.replace(LeNetRecipe(), labels="digit_labels", seed=3)
    found, expected = recipe.labelled(digits), label_digits(digits, 3)
    assert (found.labels == expected.labels).all() and (found.data == expected.data).all()
    assert found.layout.num_labels == 4 and found.conditions.shape == (50, 8)


def test_the_recipe_chooses_the_images_by_their_name():
    recipe = dataclasses.replace(LeNetRecipe(), dataset="mnist")
    data = recipe.load("validation")
    assert (data.name, data.split, len(data)) == ("mnist", "validation", 5000)
