"""An HLO program answers as the classifier it was made of, under JAX and without TensorFlow."""

import json
import sys

import keras
import numpy as np
import pytest
import tensorflow as tf

from igc_tf import InvertedGeneratorClassifier, SearchSettings
from igc_tf.data import bundled_digits
from igc_tf.errors import MissingPackageError
from igc_tf.export import export_hlo
from igc_tf.export.endpoint import answers
from igc_tf.export.hlo_program import HLOProgram
from igc_tf.generators.generator import Generator
from tests.fixtures.exported import (
    SHAPE,
    compact_classifier,
    encoded_classifier,
    explaining_classifier,
    linear_classifier,
    run_without,
)
from tests.fixtures.linear_generator import linear_generator

_RUN = """
import numpy
from igc_tf.export.hlo_program import HLOProgram
folder = sys.argv[1]
answer = HLOProgram(f"{folder}/hlo")(numpy.load(f"{folder}/images.npy"))
numpy.savez(f"{folder}/answer", **answer)
"""


@pytest.fixture(scope="module")
def exported(tmp_path_factory):
    folder = tmp_path_factory.mktemp("hlo")
    classifier = compact_classifier()
    export_hlo(classifier, folder / "hlo", batch_size=2)
    return classifier, folder


def test_files(exported):
    classifier, folder = exported
    names = {path.name for path in (folder / "hlo").iterdir()}
    assert names == {"program.hlo.pb", "program.json", "weights.npz"}
    description = json.loads((folder / "hlo/program.json").read_text())
    images, *weights = description["inputs"]
    assert images == {"name": "images", "shape": [2, 28, 28, 1], "dtype": "float32"}
    with np.load(folder / "hlo/weights.npz") as stored:
        assert list(stored) == [argument["name"] for argument in weights]
        for name, variable in zip(stored, classifier.generator.variables, strict=True):
            np.testing.assert_array_equal(stored[name], variable)
    outputs = {output["name"]: output["shape"] for output in description["outputs"]}
    assert outputs == {
        "label": [2],
        "score": [2, 10],
        "difference": [2, 10],
        "reconstruction": [2, 28, 28, 1],
    }
    assert description["custom_calls"] == []


def test_jax_without_tensorflow_gives_the_same_answers(exported):
    pytest.importorskip("jax")
    classifier, folder = exported
    # three images are a full batch and one that is filled up
    images = bundled_digits().sample(3, seed=0).images
    np.save(folder / "images.npy", images)
    run_without(["tensorflow", "keras"], _RUN, folder)
    found = classifier.classify(images)
    with np.load(folder / "answer.npz") as answer:
        np.testing.assert_array_equal(answer["label"], found.predictions)
        np.testing.assert_allclose(answer["difference"], found.differences, atol=1e-4)
        reconstructions = found.reconstructions[np.arange(3), found.predictions]
        np.testing.assert_allclose(answer["reconstruction"], reconstructions, atol=1e-3)


def test_refuses_images_that_do_not_fit(exported):
    pytest.importorskip("jax")
    program = HLOProgram(exported[1] / "hlo")
    with pytest.raises(ValueError, match=r"\(2, 28, 28\): expected \(N, 28, 28, 1\)"):
        program(np.zeros([2, 28, 28]))
    with pytest.raises(ValueError, match=r"expected \[-0.5, 0.5\]"):
        program(np.full([1, 28, 28, 1], 255.0))


def test_refuses_a_search_that_reads_other_variables(tmp_path):
    scale = tf.Variable(2.0)

    def scaled(data, generated):
        return scale * tf.reduce_mean(tf.abs(data - generated), axis=[1, 2, 3])

    with pytest.raises(ValueError, match="reads 1 tensors that are neither images nor weights"):
        export_hlo(linear_classifier(difference=scaled), tmp_path / "hlo")
    assert not list(tmp_path.iterdir())


def test_refuses_a_directory_without_a_program(tmp_path):
    with pytest.raises(ValueError, match="expected a program.json"):
        HLOProgram(tmp_path)


def test_says_that_jax_is_missing(exported, monkeypatch):
    monkeypatch.setitem(sys.modules, "jax", None)
    with pytest.raises(RuntimeError, match=r"pip install 'igc-tf\[jax\]'"):
        HLOProgram(exported[1] / "hlo")


def test_says_that_jax_lacks_a_platform(exported):
    pytest.importorskip("jax")
    with pytest.raises(MissingPackageError, match="platform='abacus': JAX has none here"):
        HLOProgram(exported[1] / "hlo", platform="abacus")


def test_any_decision_is_inside(tmp_path):
    pytest.importorskip("jax")
    classifier = linear_classifier(decision="loss", restriction_weight=5.0, learning_rate=0.5)
    images = np.random.default_rng(5).uniform(-1, 1, size=(12, *SHAPE)).astype(np.float32)
    found = classifier.classify(images)
    assert (found.predictions != found.differences.argmin(axis=1)).any()
    export_hlo(classifier, tmp_path / "hlo", batch_size=12)
    np.testing.assert_array_equal(HLOProgram(tmp_path / "hlo")(images)["label"], found.predictions)


def test_numbers_of_64_bits_stay_what_they_are(tmp_path):
    """A dropout's are: the state of its random numbers, of which inference makes no use."""
    pytest.importorskip("jax")
    model = linear_generator(data_shape=SHAPE)[0]
    model = keras.Model(model.inputs, keras.layers.Dropout(0.5)(model.outputs[0]))
    settings = SearchSettings(steps=2, learning_rate=0.5)
    classifier = InvertedGeneratorClassifier(Generator(model, bounds=(-100, 100)), settings)
    assert {variable.dtype for variable in model.variables} > {"float32"}
    images = np.random.default_rng(5).uniform(-1, 1, size=(2, *SHAPE)).astype(np.float32)
    export_hlo(classifier, tmp_path / "hlo", batch_size=2)
    answer = HLOProgram(tmp_path / "hlo")(images)
    np.testing.assert_allclose(answer["score"], classifier.predict(images, verbose=0), atol=1e-5)


def test_the_encoder_is_inside(tmp_path):
    pytest.importorskip("jax")
    classifier = encoded_classifier()
    images = np.random.default_rng(5).uniform(-1, 1, size=(4, *SHAPE)).astype(np.float32)
    export_hlo(classifier, tmp_path / "hlo", batch_size=4)
    answer = HLOProgram(tmp_path / "hlo")(images)
    np.testing.assert_allclose(answer["score"], classifier.predict(images, verbose=0), atol=1e-5)


def test_explanations_are_inside_and_tried_where_there_is_a_doubt(tmp_path):
    pytest.importorskip("jax")
    classifier = explaining_classifier()
    images = np.random.default_rng(5).uniform(-1, 1, size=(12, *SHAPE)).astype(np.float32)
    found = classifier.classify(images)
    # some as they are, without a doubt; others by an explanation or a lens
    is_bent = classifier.search.screen(images, 3).candidates.origin.numpy() % 6 > 0
    assert 0 < is_bent.any(axis=1).sum() < 12 and found.nuisance.values[:, 0].any()
    np.testing.assert_allclose(
        explaining_classifier(jit_compile=True).predict(images, verbose=0), found.scores, atol=1e-5
    )
    export_hlo(classifier, tmp_path / "hlo", batch_size=12)
    answer = HLOProgram(tmp_path / "hlo")(images)
    np.testing.assert_array_equal(answer["label"], found.predictions)
    np.testing.assert_allclose(answer["score"], found.scores, atol=1e-5)


def test_images_that_cannot_be_read_show_in_the_answer():
    # as a caller of the program itself would see it: XLA knows no assertions
    classifier = linear_classifier()
    images = np.random.default_rng(5).uniform(-1, 1, size=(3, *SHAPE)).astype(np.float32)
    expected = classifier.classify(images)
    images[0, 0, 0, 0], images[2, 0, 0, 0] = np.nan, 255.0

    @tf.function(jit_compile=True)
    def compiled(images, mask=None):
        return answers(classifier, classifier.search, images, tf.range(3), mask)

    answer = compiled(tf.constant(images))
    np.testing.assert_array_equal(answer["label"], [-1, expected.predictions[1], -1])
    np.testing.assert_allclose(answer["difference"][1], expected.differences[1], atol=1e-5)
    assert np.isnan(answer["difference"][0]).all() and np.isnan(answer["reconstruction"][2]).all()

    images = np.tile(images[1], [3, 1, 1, 1])
    odd, unseen = np.ones_like(images), np.ones_like(images)
    odd[0, 0, 0, 0], odd[2, 0, 0, 0] = np.nan, -5.0
    unseen[[0, 2]] = 0
    for mask in (odd, unseen):
        answer = compiled(tf.constant(images), tf.constant(mask))
        np.testing.assert_array_equal(answer["label"], [-1, expected.predictions[1], -1])
        np.testing.assert_allclose(answer["difference"][1], expected.differences[1], atol=1e-5)
        assert np.isnan(answer["score"].numpy()[[0, 2]]).all()
