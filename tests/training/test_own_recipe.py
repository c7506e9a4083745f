"""The recipe that suits a set: by how many there are, and by what varies."""

from dataclasses import replace

import numpy as np
import pytest

from igc_tf.data import ConditionLayout, LabelledData
from igc_tf.data.own_images import OwnImages
from igc_tf.errors import InputError
from igc_tf.training import RECIPES
from igc_tf.training.own_recipe import suited_recipe, variety


def _images(count=300, classes=3, arrange=False, place=0.0, tint=0.0, channels=3, side=16):
    """Squares whose place varies by so much of a side, coloured by their class by so much."""
    rng = np.random.default_rng(0)
    labels = np.arange(count) % classes
    data = np.full([count, side, side, channels], -0.3, np.float32)
    for image, label in zip(data, labels, strict=True):
        y, x = np.round(side * (0.5 + rng.uniform(-place, place, 2))).astype(int) - 2
        image[y : y + 4, x : x + 4] = rng.uniform(-0.1, 0.1)
        image += 0.05 * rng.uniform(-1, 1, channels)
        image[..., 0] += tint * (label / classes - 0.5)
    part = LabelledData(
        np.clip(data, -0.5, 0.5),
        labels,
        ConditionLayout.classes(classes),
        (-0.5, 0.5),
        "mine",
        "train",
        "here",
    )
    some = part.take(range(min(60, count)))
    return OwnImages("mine", part, some, part, arrange, "0" * 64, (), ())


def test_pictures_are_shifted_as_far_as_they_lie_apart():
    still, _ = variety(_images())
    moving, reasons = variety(_images(place=0.3))
    assert still["shift"] == pytest.approx(0.75 / 28) and still["scaling"] == 0.1
    # uniform on ±0.3: a standard deviation of 0.3 / √3
    assert moving["shift"] == pytest.approx(min(0.2, 1.3 * 0.3 / np.sqrt(3)), abs=0.02)
    assert moving["scaling"] == 0.25 and moving["distortion"]
    assert "shifted by up to 20 % of a side, scaled by up to 25 %" in reasons[0]


def test_drawings_of_many_shades_get_little_noise():
    data = np.full([4, 16, 16, 1], -0.5, np.float32)
    # ink of 0.5 and 0.9 of the range: shades that deviate by 0.2 from their mean
    for image, shade in zip(data, (0.0, 0.0, 0.4, 0.4), strict=True):
        image[4:12, 4:12] = shade
    images = _images(channels=1, arrange=True)
    shaded = replace(images, train=replace(images.train, data=data, labels=np.arange(4) % 3))
    of_one_ink, (_,) = variety(images)
    of_shades, (_, said) = variety(shaded)
    assert (of_one_ink["sigma"], of_shades["sigma"]) == (0.4, 0.1)
    assert "its mean shade deviates by 20 %" in said
    photographs, (_,) = variety(replace(shaded, arrange=False))
    assert photographs["sigma"] == 0.1


def test_colours_that_say_nothing_of_the_class_become_any():
    none, (_, said) = variety(_images())
    some, _ = variety(_images(tint=0.4))
    grey, reasons = variety(_images(channels=1))
    assert (none["colours"], some["colours"], grey["colours"]) == ("any", "varied", "kept")
    assert "33 % by chance" in said and len(reasons) == 1


@pytest.mark.parametrize(
    ("count", "batch_size", "least", "most"),
    [(24, 32, 3000, 3300), (3000, 64, 3000, 3300), (20_000, 64, 6200, 6600)],
)
def test_few_pictures_get_enough_steps_in_epochs_that_are_long_enough(
    count, batch_size, least, most
):
    recipe, reasons = suited_recipe(_images(count))
    per_epoch = recipe.passes * count // recipe.batch_size
    assert recipe.batch_size == batch_size and per_epoch >= 200
    assert least <= recipe.epochs * per_epoch <= most
    assert f"of the {count:,} pictures" in reasons[0]


def test_steps_are_about_as_many_as_asked_for():
    recipe, _ = suited_recipe(_images(300), steps=1000, seed=7)
    assert 1000 <= recipe.epochs * (recipe.passes * 300 // 32) <= 1250 and recipe.seed == 7
    assert suited_recipe(_images(24), steps=2)[0].epochs == 1


def test_the_recipe_is_of_the_set_and_searches_with_all_classes():
    recipe, _ = suited_recipe(_images(300, classes=100))
    assert (recipe.dataset, recipe.validation_images) == ("mine", 60)
    assert recipe.joint.images == 16 and recipe.joint.candidates is None
    assert suited_recipe(_images(3000, classes=20))[0].joint.images == 64


def test_drawings_have_the_encoder_that_knows_their_place():
    assert suited_recipe(_images(channels=1, arrange=True))[0].encoder == "compact"
    assert suited_recipe(_images())[0].encoder == "deep"


def test_pictures_in_which_things_lie_anywhere_are_told_apart_softly():
    base = RECIPES["cagan-joint"].joint
    drawn, others = (
        suited_recipe(_images(channels=1, arrange=arrange))[0] for arrange in (True, False)
    )
    assert drawn.separation is None and others.separation is None
    assert drawn.joint.settings == base.settings and drawn.joint.hint_weight == 1
    assert drawn.joint.temperature == base.temperature
    assert others.joint.temperature == 0.02 and others.joint.hint_weight == 1
    assert others.joint.reconstruction_weight > base.reconstruction_weight


def test_another_recipe_may_be_begun_with():
    recipe, _ = suited_recipe(_images(), "cagan-compact")
    separation = RECIPES["cagan-compact"].separation
    assert recipe.separation.decision == separation.decision and recipe.joint is None
    assert recipe.separation.settings == separation.settings
    assert suited_recipe(_images(), "cagan-paper")[0].separation is None
    for name in ("lenet", "nonsense"):
        with pytest.raises(InputError, match=f"recipe='{name}': expected one of cagan-compact"):
            suited_recipe(_images(), name)
