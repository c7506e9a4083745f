"""What is seen of a search on its way is what the classifier finds in the end."""

import base64

import numpy as np
import pytest

import igc_tf
from igc_tf.classifiers.calibration import DOUBTS, Calibration
from igc_tf.classifiers.load import all_weights_digest
from igc_tf.errors import ImageFileError, InputError
from igc_tf.generators.store import load_generator, save_generator, update_card
from igc_tf.serve.drawing import Shelf, blank, describe_look, packed, watch
from tests.fixtures.exported import linear_classifier, other_classifier
from tests.serve.drawn import drawn_digit, png


def test_the_last_look_is_the_classifiers_answer(shelf):
    classifier = shelf.get(*shelf.first)
    data = classifier.generator.picture_frame.decode(drawn_digit(7))
    *before, last = watch(classifier, data)
    found = classifier.classify(data[np.newaxis])
    np.testing.assert_allclose(last.scores, found.scores[0], atol=1e-5)
    assert last.is_last and not any(look.is_last for look in before)
    kept = np.isfinite(found.differences[0])
    # three of ten classes go on, as the settings say
    assert kept.sum() == 3 and (last.is_searched == kept).all()
    np.testing.assert_allclose(last.differences[kept], found.differences[0][kept], atol=1e-5)
    np.testing.assert_allclose(
        last.reconstructions[kept], found.reconstructions[0][kept], atol=1e-4
    )
    # the others stay as they were when they were dropped
    assert before[0].is_searched.all()
    np.testing.assert_array_equal(last.reconstructions[~kept], before[0].reconstructions[~kept])
    assert [look.step for look in before] == list(range(9)) and last.step == 8
    assert last.scores.argmax() == 7
    # it improves while one looks
    assert last.differences[7] < before[0].differences[7]


@pytest.fixture(scope="module")
def robust():
    """What may have happened to a picture is searched, and its scores are calibrated."""
    classifier = Shelf("mnist-cagan-compact", "robust")
    return classifier.get(*classifier.first)


def test_what_happened_is_told_beside_the_answer(robust):
    # so far that the plain explanation leaves a doubt
    data = np.roll(robust.generator.picture_frame.decode(drawn_digit(7)), 7, axis=1)
    *before, last = watch(robust, data)
    found = robust.classify(data[np.newaxis])
    np.testing.assert_allclose(last.scores, found.scores[0], atol=1e-4)
    # every class was looked at, and keeps its picture
    assert np.isfinite(last.reconstructions).all() and before[0].is_searched.all()
    assert last.is_searched.sum() < 10
    told = describe_look(robust, last)
    assert told["explanation"] == found.explain(0) == last.explained.sentence
    assert "shifted 7 pixels to the right" in told["explanation"]
    assert told["compared"] == packed(robust.generator, found.compared[0, 7])
    assert told["observed"] == packed(robust.generator, found.observed[0, 7])
    # undone
    assert np.abs(found.compared[0, 7] - data).mean() > 0.1
    # the first look, without lenses, found it, too
    assert before[0].explained.sentence == "a 7, shifted 7 pixels to the right"


def test_the_first_look_explains_what_was_searched_without_lenses(robust):
    # the last of the explanations, which are more than the lenses
    negative = -robust.generator.picture_frame.decode(drawn_digit(7))
    first = next(watch(robust, negative))
    assert first.explained.sentence == "a 7, as a negative"


def test_probability_and_doubt_are_told_in_the_end(shelf):
    classifier = shelf.get(*shelf.first)
    grid = blank(classifier.generator)
    grid[2:26, 2:26:3] = grid[2:26:3, 2:26] = 0.5
    for data, is_doubtful in (
        (classifier.generator.picture_frame.decode(drawn_digit(7)), False),
        (grid, True),
    ):
        looks = [describe_look(classifier, look) for look in watch(classifier, data)]
        assert [look["doubtful"] for look in looks] == [False] * (len(looks) - 1) + [is_doubtful]
        found = classifier.classify(data[np.newaxis])
        assert (found.predictions[0] == -1) == is_doubtful
        # the class that it is most like, all the same
        assert looks[-1]["answers"] == [found.best[0]]
        assert looks[-1]["probability"] == pytest.approx(found.probabilities[0].max(), abs=1e-4)
        assert looks[-1]["explanation"] is looks[-1]["compared"] is None


@pytest.mark.parametrize("steps", [0, 1, 50, 100])
def test_every_search_is_looked_at_a_few_times(steps):
    classifier = linear_classifier(steps=steps)
    data = np.zeros(classifier.generator.data_shape, np.float32)
    looks = list(watch(classifier, data))
    assert looks[0].step == 0 and looks[-1].step == steps and looks[-1].is_last
    assert len(looks) == min(steps, -(-steps // max(1, -(-steps // 22)))) + 2 <= 24
    np.testing.assert_allclose(
        looks[-1].scores, classifier.predict(data[np.newaxis], verbose=0)[0], atol=1e-5
    )


def test_several_labels_have_an_answer_each():
    classifier, data = other_classifier("multi_label")
    *_, last = watch(classifier, data[0])
    answers = describe_look(classifier, last)["answers"]
    predictions = classifier.classify(data[:1]).predictions[0]
    assert answers == [predictions[0], 2 + predictions[1]]


def test_pictures_are_packed_between_the_bounds():
    generator = linear_classifier().generator
    data = np.array([-1, -0.5, 0, 1, 2, -3], np.float32)
    assert list(base64.b64decode(packed(generator, data))) == [0, 64, 128, 255, 255, 0]


def test_what_is_drawn_is_arranged_as_the_generator_has_it(shelf):
    generator = shelf.get(*shelf.first).generator
    image = generator.picture_frame.decode(drawn_digit(3))
    assert image.shape == (28, 28, 1) and image.min() == -0.5 and image.max() == 0.5
    for encoded in (b"", b"no picture", png(np.full([40, 40], 255))):
        with pytest.raises(ImageFileError):
            generator.picture_frame.decode(encoded)


def test_the_choices_are_what_ships_and_the_first(shelf, tmp_path):
    names = [choice["generator"] for choice in shelf.choices]
    assert names[0] == "mnist-cagan-compact" and set(names) == set(igc_tf.generator_names())
    assert shelf.choices[0]["settings"] == ["best", "fast", "masked", "paper", "robust"]
    assert shelf.choices[0]["usual"] == "best"
    assert shelf.get(*shelf.first) is shelf.get(*shelf.first)
    for choice in (("mnist-cagan-compact", "other"), (str(tmp_path), "paper"), ("../x", "best")):
        with pytest.raises(InputError, match="no generator"):
            shelf.get(*choice)


def test_a_generator_of_ones_own_comes_first(tmp_path):
    classifier = linear_classifier()
    settings = {"quick": {**classifier.settings.to_dict(), "steps": 2}}
    save_generator(classifier.generator, tmp_path / "own", settings=settings)
    # calibrated by too few for a share of 0.01
    known = Calibration(0.1, {name: np.arange(5.0) for name in DOUBTS}).to_dict()
    known["weights_sha256"] = all_weights_digest(load_generator(tmp_path / "own"))
    update_card(tmp_path / "own", calibration={"quick": known})
    own = Shelf(tmp_path / "own", "quick")
    assert own.choices[0] == {
        "generator": str(tmp_path / "own"),
        "settings": ["paper", "quick"],
        "usual": "paper",
    }
    found = own.get(*own.first)
    assert found.settings.steps == 2 and found.calibration.count == 5


def test_generators_that_draw_no_pictures_are_refused(tmp_path):
    classifier, _ = other_classifier("sequence")
    save_generator(classifier.generator, tmp_path / "series")
    with pytest.raises(InputError, match="has no latent"):
        Shelf(tmp_path / "series")
