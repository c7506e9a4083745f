"""Models of every form, called in one."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers, ops

from igc_tf.data.layout import ConditionLayout
from igc_tf.errors import GeneratorError
from igc_tf.generators.generator import Generator
from tests.generators.models import Arguments, Pair, embedded, network, two_inputs

C, Z = 4, 7
CONDITION = np.eye(C, dtype=np.float32)
LATENT = np.random.default_rng(0).normal(size=(C, Z)).astype(np.float32)
VALUES = {"condition": tf.constant(CONDITION), "latent": tf.constant(LATENT)}


def made(generator):
    """What a generator makes, the same by `bind`."""
    data = generator(VALUES).numpy()
    bound = generator.bind([tf.convert_to_tensor(v) for v in generator.variables])
    np.testing.assert_allclose(bound(VALUES), data, atol=1e-6)
    # the weights that are given are the ones that are used
    zeros = generator.bind([tf.zeros_like(v) for v in generator.variables])(VALUES).numpy()
    assert np.abs(zeros - zeros[0]).max() == 0
    return data


def test_condition_and_latent_stay_as_they_are():
    model = two_inputs()
    generator = Generator(model)
    assert generator.model is generator.source is model
    assert (generator.condition_size, generator.latent_size) == (C, Z)
    assert generator.data_shape == (6, 5, 3) and generator.bounds == (-1, 1)
    np.testing.assert_allclose(made(generator), model([CONDITION, LATENT]), atol=1e-6)


@pytest.mark.parametrize("names", [("noise", "label"), ("z_in", None), (None, "class_label")])
def test_reversed_inputs_are_told_by_their_names(names):
    latent, condition = (
        keras.Input([size], name=name) for size, name in zip((Z, C), names, strict=True)
    )
    model = keras.Model([latent, condition], network([latent, condition]))
    generator = Generator(model)
    assert (generator.condition_size, generator.latent_size) == (C, Z)
    np.testing.assert_allclose(made(generator), model([LATENT, CONDITION]), atol=1e-6)
    assert generator.digest() == Generator(model).digest()


def test_inputs_as_a_dictionary():
    inputs = {"z": keras.Input([Z], name="z"), "c": keras.Input([C], name="c")}
    model = keras.Model(inputs, network(list(inputs.values())))
    generator = Generator(model)
    np.testing.assert_allclose(made(generator), model({"z": LATENT, "c": CONDITION}), atol=1e-6)


def unnamed():
    latent, condition = keras.Input([100]), keras.Input([10])
    return keras.Model([latent, condition], network([latent, condition]))


def test_which_input_is_the_condition_is_never_guessed():
    model = unnamed()
    message = r"\(None, 100\).*\(None, 10\): which is the condition\? Say condition_input=0"
    with pytest.raises(GeneratorError, match=message):
        Generator(model)
    # the old example of such a mistake: a hundred "classes"
    with pytest.raises(GeneratorError, match="condition_input=3"):
        Generator(model, condition_input=3)
    said = (
        {"condition_input": 1},
        {"condition_input": model.inputs[1].name},
        {"condition_size": 10},
        {"latent_size": 100},
        {"layout": ConditionLayout.classes(10)},
    )
    for facts in said:
        generator = Generator(model, **facts)
        assert (generator.condition_size, generator.latent_size) == (10, 100)
    square = keras.Model([a := keras.Input([9]), b := keras.Input([9])], network([a, b]))
    with pytest.raises(GeneratorError, match="which is the condition"):
        Generator(square, condition_size=9)


def test_what_is_said_of_a_model_must_be_so():
    with pytest.raises(GeneratorError, match=r"condition_size=5.*is 4, input 'condition'"):
        Generator(two_inputs(), condition_size=5)
    with pytest.raises(GeneratorError, match=r"condition_size=5.*in the layout"):
        Generator(two_inputs(), layout=ConditionLayout.classes(5))
    with pytest.raises(GeneratorError, match="latent_size=3"):
        Generator(two_inputs(), latent_size=3)


@pytest.mark.parametrize(
    "form",
    [
        {"shape": (1,)},
        {"shape": ()},
        {"dtype": "float32"},
        {"factors": 2},
    ],
)
def test_an_embedded_label_becomes_a_mixture_of_embeddings(form):
    model = embedded(**form)
    generator = Generator(model)
    assert generator.condition_size == C and generator.condition_gradient
    labels = np.arange(C).reshape([C, *form.get("shape", (1,))]).astype(model.inputs[1].dtype)
    np.testing.assert_allclose(made(generator), model([LATENT, labels]), atol=1e-6)
    # every class is made as what it is: once, all images were of class 0
    one_latent = {"condition": VALUES["condition"], "latent": tf.zeros([C, Z])}
    images = generator(one_latent).numpy().reshape(C, -1)
    assert all(np.abs(a - b).max() > 1e-5 for i, a in enumerate(images) for b in images[:i])
    half = {"condition": tf.constant([[0.5, 0.5, 0, 0]]), "latent": tf.zeros([1, Z])}
    assert np.abs(generator(half).numpy() - images.reshape(C, 6, 5, 3)[:2]).min() > 0


def test_fewer_classes_than_embeddings():
    model = embedded(classes=6)
    generator = Generator(model, layout=ConditionLayout.classes("abcd"))
    labels = np.arange(4).reshape(4, 1)
    np.testing.assert_allclose(made(generator), model([LATENT, labels]), atol=1e-6)
    with pytest.raises(GeneratorError, match="condition_size=7.*embeddings for 6"):
        Generator(model, condition_size=7)


def test_other_label_numbers_are_the_largest_element():
    label, noise = keras.Input([], dtype="int32", name="label"), keras.Input([Z], name="noise")
    one_hot = layers.Lambda(lambda index: tf.one_hot(index, C), output_shape=(C,))(label)
    model = keras.Model([label, noise], network([one_hot, noise]))
    with pytest.raises(GeneratorError, match="is a number.*condition_size=10"):
        Generator(model)
    generator = Generator(model, condition_size=C)
    assert not generator.condition_gradient
    np.testing.assert_allclose(made(generator), model([np.arange(C), LATENT]), atol=1e-6)
    counted = layers.CategoryEncoding(num_tokens=C, output_mode="one_hot")(label)
    model = keras.Model([label, noise], network([counted, noise]))
    assert Generator(model).condition_size == C
    masked = Generator(embedded(mask_zero=True))
    assert masked.condition_size == C and not masked.condition_gradient


class Scaled(layers.Embedding):
    def call(self, label):
        return 10 * super().call(label)


@pytest.mark.parametrize("dtype", ["int32", "float32"])
def test_an_embedding_that_does_more_than_to_look_up_is_called(dtype):
    label, noise = keras.Input([1], dtype=dtype, name="label"), keras.Input([Z], name="noise")
    model = keras.Model([noise, label], network([noise, Scaled(C, 5)(label)]))
    generator = Generator(model)
    assert generator.condition_size == C and not generator.condition_gradient
    labels = np.arange(C, dtype=dtype).reshape(C, 1)
    np.testing.assert_allclose(made(generator), model([LATENT, labels]), atol=1e-6)


def test_a_latent_of_another_shape_is_flattened():
    noise, label = keras.Input([1, 1, Z], name="noise"), keras.Input([C], name="label")
    model = keras.Model([noise, label], network([noise, label]))
    generator = Generator(model)
    assert generator.latent_size == Z
    np.testing.assert_allclose(
        made(generator), model([LATENT.reshape(C, 1, 1, Z), CONDITION]), atol=1e-6
    )


@pytest.mark.parametrize("number", [0, 1])
def test_subclassed_models_of_a_list(number):
    model = Pair()
    with pytest.raises(GeneratorError, match="condition_size and, if it has a latent, latent_size"):
        Generator(model)
    sizes = {"condition_size": C, "latent_size": Z, "bounds": (-1, 1)}
    with pytest.raises(GeneratorError, match="condition_input=0 if it is called with"):
        Generator(model, **sizes)
    generator = Generator(model, condition_input=number, **sizes)
    inputs = [CONDITION, LATENT] if number == 0 else [LATENT, CONDITION]
    np.testing.assert_allclose(made(generator), model(inputs), atol=1e-6)
    assert generator.digest() == Generator(model, condition_input=number, **sizes).digest()


def test_subclassed_models_of_two_arguments_tell_by_their_names():
    model = Arguments()
    generator = Generator(model, condition_size=C, latent_size=Z, bounds=(-1, 1))
    np.testing.assert_allclose(made(generator), model(LATENT, CONDITION), atol=1e-6)


class Numbered(keras.Model):
    def __init__(self):
        super().__init__()
        self.table = layers.Embedding(C, 6)
        self.dense = layers.Dense(12, activation="tanh")

    def call(self, z, label):
        return self.dense(ops.concatenate([z, self.table(label)], axis=-1))


def test_subclassed_models_of_a_class_number():
    model = Numbered()
    sizes = {"condition_size": C, "latent_size": Z, "bounds": (-1, 1)}
    generator = Generator(model, condition_index=True, **sizes)
    np.testing.assert_allclose(made(generator), model(LATENT, np.arange(C)), atol=1e-6)


def test_a_condition_alone():
    model = keras.Sequential([keras.Input([C]), layers.Dense(9, activation="sigmoid")])
    generator = Generator(model)
    assert generator.latent_size is None and generator.data_shape == (9,)
    np.testing.assert_allclose(generator({"condition": CONDITION}), model(CONDITION), atol=1e-6)
    noise = keras.Input([C], name="noise")
    with pytest.raises(GeneratorError, match="only input is 'noise'.*expected a condition"):
        Generator(keras.Model(noise, network([noise])))


@pytest.mark.parametrize(
    ("model", "message"),
    [
        (lambda: "generator.keras", "is a str"),
        (lambda: _of([3], [4], [5]), "3 inputs"),
        (lambda: _of([3, 2], [4]), r"condition 'condition' has shape \(None, 3, 2\)"),
        (lambda: _of([3], [None, 4]), "a known size"),
        (lambda: _of([3], [4], outputs=2), "2 outputs"),
    ],
)
def test_refuses_what_is_no_generator(model, message):
    with pytest.raises(GeneratorError, match=message):
        Generator(model())


def _of(*shapes, outputs=1):
    names = ("condition", "latent", "third")
    inputs = [keras.Input(shape, name=name) for shape, name in zip(shapes, names, strict=False)]
    x = layers.Concatenate()(
        [layers.GlobalMaxPooling1D()(x) if len(x.shape) > 2 else x for x in inputs]
    )
    data = [layers.Dense(6, activation="tanh")(x) for _ in range(outputs)]
    return keras.Model(inputs, data if outputs > 1 else data[0])


def test_refuses_a_fixed_batch():
    condition = keras.Input(batch_shape=[2, 3], name="condition")
    with pytest.raises(GeneratorError, match=r"'condition' \(2, 3\): .* any batch"):
        Generator(keras.Model(condition, network([condition])))
