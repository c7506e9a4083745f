"""A SavedModel answers as the classifier it was made of, in a process without this package."""

import json

import numpy as np
import pytest
import tensorflow as tf

import igc_tf
from igc_tf.data import bundled_digits
from igc_tf.data.layout import ConditionLayout
from igc_tf.errors import InputError, OutputError
from igc_tf.export.endpoint import describe_classifier
from igc_tf.search.observations import Polarity, Undone
from tests.fixtures.exported import (
    SHAPE,
    compact_classifier,
    linear_classifier,
    other_classifier,
    run_without,
)
from tests.fixtures.full_disk import room_for

_CLASSIFY = """
import numpy, tensorflow
folder, name, *counts = sys.argv[1:]
images = numpy.load(f"{folder}/{name}.npy")
model = tensorflow.saved_model.load(f"{folder}/{name}")
for count in map(int, counts):
    answer = model.signatures["classify"](images=tensorflow.constant(images[:count]))
    numpy.savez(f"{folder}/{name}-{count}", **{key: x.numpy() for key, x in answer.items()})
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("saved-models")


@pytest.fixture(scope="module")
def linear(folder):
    """The linear classifier and its SavedModel, which searches two images at once."""
    classifier = linear_classifier()
    classifier.export(folder / "linear", batch_size=2)
    return classifier, tf.saved_model.load(str(folder / "linear"))


def _images(count):
    generator = np.random.default_rng(5)
    return generator.uniform(-1, 1, size=(count, *SHAPE)).astype(np.float32)


def _assert_same(answer, found):
    np.testing.assert_array_equal(answer["label"], found.predictions)
    np.testing.assert_allclose(answer["difference"], found.differences, atol=1e-5)
    reconstructions = found.reconstructions[np.arange(len(found)), found.predictions]
    np.testing.assert_allclose(answer["reconstruction"], reconstructions, atol=1e-5)


def test_a_process_without_this_package_gets_the_same_answers(folder):
    classifier = compact_classifier()
    images = bundled_digits().sample(3, seed=0).images
    np.save(folder / "compact.npy", images)
    classifier.export(folder / "compact")
    run_without(["igc_tf"], _CLASSIFY, folder, "compact", 0, 1, 3)
    for count in (0, 1, 3):
        with np.load(folder / f"compact-{count}.npz") as answer:
            assert set(answer) == {"label", "score", "difference", "reconstruction"}
            assert answer["label"].dtype.kind == "i" and answer["label"].shape == (count,)
            if count:
                _assert_same(answer, classifier.classify(images[:count]))


# one; a full part; parts of equal size, the last one filled up; and none
@pytest.mark.parametrize("count", [1, 2, 3, 5])
def test_any_number_of_images(linear, count):
    classifier, model = linear
    answer = model.signatures["classify"](images=tf.constant(_images(count)))
    _assert_same(answer, classifier.classify(_images(count)))


def test_no_images_no_answers(linear):
    answer = linear[1].signatures["classify"](images=tf.zeros([0, *SHAPE]))
    shapes = {name: tuple(value.shape) for name, value in answer.items()}
    assert shapes == {
        "label": (0,),
        "score": (0, 3),
        "difference": (0, 3),
        "reconstruction": (0, *SHAPE),
    }


def test_signatures(linear):
    _, model = linear
    assert set(model.signatures) == {"classify", "classify_masked", "generate", "serving_default"}
    specs = model.signatures["serving_default"].structured_input_signature[1]
    assert {name: tuple(spec.shape) for name, spec in specs.items()} == {"images": (None, *SHAPE)}


def test_generate(linear):
    classifier, model = linear
    latent = np.random.default_rng(0).normal(size=(4, 2)).astype(np.float32)
    condition = np.eye(3, dtype=np.float32)[[2, 0, 1, 1]]
    generated = model.signatures["generate"](
        condition=tf.constant(condition), latent=tf.constant(latent)
    )
    matrices = [
        layer.get_weights()[0] for layer in classifier.generator.model.layers if layer.weights
    ]
    expected = condition @ matrices[0] + latent @ matrices[1]
    np.testing.assert_allclose(generated["images"], expected.reshape(4, *SHAPE), atol=1e-6)


@pytest.mark.parametrize("value", [1.5, -255.0, np.nan])
def test_refuses_images_of_another_range(linear, value):
    images = _images(2)
    images[1, 0, 0, 0] = value
    with pytest.raises(tf.errors.InvalidArgumentError, match=r"expected values in \[-1, 1\]"):
        linear[1].signatures["classify"](images=tf.constant(images))


def test_a_difference_of_ones_own_and_a_decision_by_loss(tmp_path):
    def largest(data, generated):
        return tf.reduce_max(tf.abs(data - generated), axis=[1, 2, 3])

    classifier = linear_classifier(
        difference=largest, decision="loss", restriction_weight=5.0, learning_rate=0.5
    )
    images = _images(12)
    found = classifier.classify(images)
    # the restriction matters: it is not the smallest difference that is answered
    assert (found.predictions != found.differences.argmin(axis=1)).any()
    classifier.export(tmp_path / "own")
    model = tf.saved_model.load(str(tmp_path / "own"))
    _assert_same(model.signatures["classify"](images=tf.constant(images)), found)


def test_says_what_it_was_made_of(linear, folder):
    classifier, _ = linear
    description = json.loads((folder / "linear/assets.extra/classifier.json").read_text())
    assert igc_tf.SearchSettings(**description["search"]) == classifier.settings
    assert description["bounds"] == [-1.0, 1.0] and description["data_shape"] == list(SHAPE)
    assert ConditionLayout.from_dict(description["layout"]) == ConditionLayout.classes(3)
    assert description["background"] == -1.0 and description["prior"]["mean"] == 0.0


@pytest.mark.parametrize("kind", ["linear", "multi_label", "inverse", "sequence"])
def test_what_has_its_usual_arguments_says_weights_and_settings_alone(kind):
    classifier = linear_classifier() if kind == "linear" else other_classifier(kind)[0]
    expected = {**classifier.generator.digests(), "search": classifier.settings.to_dict()}
    assert classifier.identity() == expected
    generator, settings = classifier.generator, classifier.settings
    assert type(classifier)(generator, settings, None).identity() == expected


@pytest.mark.parametrize(
    ("kind", "given", "told"),
    [
        (
            "inverse",
            {"tangent": True, "seed": np.int64(7), "latent_unit": 0.0, "latent_first_step": 0},
            {"tangent": True, "seed": 7, "latent_unit": 0.0},
        ),
        ("inverse", {"latent_first_step": 2}, {"latent_first_step": 2}),
        ("multi_label", {"condition_unit": 3}, {"condition_unit": 3}),
        (
            "multi_label",
            {"observation": Undone(Polarity(low=-1.0, high=1.0))},
            {
                "observation": "Undone(Polarity(part='whole', size=1, low=-1.0, high=1.0, "
                "weight=0.0))"
            },
        ),
    ],
)
def test_says_the_arguments_that_are_not_the_usual_ones(kind, given, told):
    classifier, _ = other_classifier(kind)
    unusual = type(classifier)(classifier.generator, classifier.settings, **given)
    description = json.loads(json.dumps(describe_classifier(unusual)))
    assert description.pop("arguments") == told
    assert description == json.loads(json.dumps(describe_classifier(classifier)))


def test_an_observation_that_the_settings_name_is_told_by_them_alone():
    settings = igc_tf.SearchSettings(observation="contrast")
    classifier = igc_tf.InvertedGeneratorClassifier(linear_classifier().generator, settings)
    assert classifier.search.observation.parameters and classifier.observation is None
    assert "arguments" not in classifier.identity()


def test_refuses_a_directory_with_something_in_it(tmp_path):
    (tmp_path / "kept.txt").write_text("precious")
    with pytest.raises(OutputError, match="expected a new or an empty directory"):
        linear_classifier().export(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["kept.txt"]


def test_an_interrupted_export_leaves_nothing(tmp_path, monkeypatch):
    classifier = linear_classifier()

    def interrupted():
        assert list(tmp_path.glob(".writing-*/unfinished/saved_model.pb"))
        raise KeyboardInterrupt

    # the last that is asked of the generator, for the description
    monkeypatch.setattr(classifier.generator, "digest", interrupted)
    with pytest.raises(KeyboardInterrupt):
        classifier.export(tmp_path / "model")
    assert not list(tmp_path.iterdir())


def test_an_export_that_the_disk_has_no_room_for_is_an_error_of_one_line(tmp_path):
    with room_for(2**14), pytest.raises(OutputError) as refused:
        linear_classifier().export(tmp_path / "model")
    assert str(refused.value) == f"{tmp_path / 'model'}: File too large"
    assert not list(tmp_path.iterdir())


def test_refuses_a_batch_size_below_one(tmp_path):
    with pytest.raises(ValueError, match="batch_size=0"):
        linear_classifier().export(tmp_path / "model", batch_size=0)
    assert not list(tmp_path.iterdir())


def test_masked_images_are_compared_where_they_are_visible(linear):
    classifier, model = linear
    images, mask = _images(5), np.ones([5, *SHAPE], np.float32)
    mask[:, 0] = 0
    found = classifier.classify(images, mask)
    assert not np.allclose(found.differences, classifier.classify(images).differences, atol=1e-3)
    # what is hidden may be anything
    for hidden in (0.0, 9.0, np.nan):
        images[:, 0] = hidden
        again = classifier.classify(images, mask)
        np.testing.assert_allclose(again.differences, found.differences, rtol=1e-6)
        given = {"images": tf.constant(images), "mask": tf.constant(mask)}
        answer = model.signatures["classify_masked"](**given)
        _assert_same(answer, again)
    half = np.where(mask > 0, mask, np.float32(0.5))
    with pytest.raises(InputError, match="hold values that are not finite"):
        classifier.classify(images, half)
    given["mask"] = tf.constant(half)
    with pytest.raises(tf.errors.InvalidArgumentError, match=r"expected values in \[-1, 1\]"):
        model.signatures["classify_masked"](**given)


@pytest.mark.parametrize(
    ("place", "value", "told"),
    [
        *[((1, 0), value, "mask: expected numbers from 0 to 1") for value in (-0.5, 1.5, np.nan)],
        (1, 0.0, "mask shows nothing of example 1: expected some numbers > 0"),
    ],
)
def test_refuses_the_masks_that_python_refuses(linear, place, value, told):
    classifier, model = linear
    images, mask = _images(2), np.ones([2, *SHAPE], np.float32)
    mask[place] = value
    with pytest.raises(InputError, match=told):
        classifier.classify(images, mask)
    given = {"images": tf.constant(images), "mask": tf.constant(mask)}
    with pytest.raises(tf.errors.InvalidArgumentError, match=r"mask: expected values in \[0, 1\]"):
        model.signatures["classify_masked"](**given)


@pytest.mark.parametrize("kind", ["multi_label", "inverse", "sequence"])
def test_every_classifier_can_be_exported(tmp_path, kind):
    classifier, data = other_classifier(kind)
    found = classifier.classify(data)
    classifier.export(tmp_path / kind, batch_size=3)
    answer = tf.saved_model.load(str(tmp_path / kind)).signatures["classify"](
        images=tf.constant(data)
    )
    np.testing.assert_array_equal(answer["label"], found.predictions)
    np.testing.assert_allclose(answer["score"], found.scores, atol=1e-5)
    np.testing.assert_allclose(answer["difference"], found.differences, atol=1e-5)
    if kind == "multi_label":
        chosen = found.predictions + np.array(classifier.generator.layout.offsets)
        expected = np.stack([found.reconstructions[i, row] for i, row in enumerate(chosen)])
    else:
        expected = found.reconstructions
    np.testing.assert_allclose(answer["reconstruction"], expected, atol=1e-5)


@pytest.mark.parametrize("kind", ["inverse", "multi_label"])
def test_only_the_search_that_python_refuses_has_no_answer(tmp_path, kind):
    def of_what_is_there(data, generated):
        distance = tf.reduce_mean(tf.abs(data - generated), axis=[1, 2, 3])
        return distance + 1 / tf.reduce_mean(tf.abs(data), axis=[1, 2, 3])

    classifier, data = other_classifier(kind, difference=of_what_is_there)
    expected = classifier.classify(data[:4])
    data[4] = 0
    with pytest.raises(InputError, match="ended in values that are not finite"):
        classifier.predict(data, verbose=0)
    classifier.export(tmp_path / kind)
    model = tf.saved_model.load(str(tmp_path / kind))
    for answer in (
        classifier.answers(data),
        model.signatures["classify"](images=tf.constant(data)),
    ):
        np.testing.assert_array_equal(answer["label"][:4], expected.predictions)
        np.testing.assert_allclose(answer["score"][:4], expected.scores, atol=1e-5)
        assert (np.asarray(answer["label"][4]) == -1).all()
        for name in ("score", "difference", "reconstruction"):
            assert np.isnan(answer[name][4]).all()
