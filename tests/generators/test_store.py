"""Generators that people save, in directories and `.keras` files."""

import json

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers

from igc_tf.data.layout import ConditionLayout
from igc_tf.errors import GeneratorError, InputError
from igc_tf.generators.generator import Generator, Prior
from igc_tf.generators.keras_files import dtype_policy, model_config
from igc_tf.generators.store import (
    generator_card,
    load_generator,
    save_generator,
    update_card,
)
from igc_tf.search import Momentum, SearchSettings
from tests.generators.models import (
    Arguments,
    Pair,
    PartlyFunctional,
    embedded,
    network,
    two_inputs,
)

LABELS = np.array([2, 0, 2, 1, 1])


def reversed_inputs():
    latent, condition = keras.Input([7]), keras.Input([4])
    return keras.Model([latent, condition], network([latent, condition], (4, 4)))


def dictionary():
    inputs = {"z": keras.Input([7], name="z"), "label": keras.Input([4], name="label")}
    return keras.Model(inputs, network(list(inputs.values()), (32, 32, 3), "sigmoid"))


def spatial():
    latent, condition = keras.Input([1, 1, 7], name="noise"), keras.Input([4], name="label")
    return keras.Model([latent, condition], network([latent, condition], (4, 4)))


def of_policy(name):
    with dtype_policy(name):
        return two_inputs()


OWN = {
    "colour": lambda: Generator(
        two_inputs(shape=(32, 32, 3)), ConditionLayout.classes("wxyz"), prior=Prior(0.5, 2.0)
    ),
    "no channel axis": lambda: Generator(two_inputs(shape=(6, 5)), background=0.25, name="grey"),
    "dictionary": lambda: Generator(dictionary()),
    "embedded": lambda: Generator(embedded()),
    "a number": lambda: Generator(embedded(mask_zero=True), ConditionLayout.classes(3)),
    "a condition alone": lambda: Generator(
        keras.Sequential([keras.Input([1]), layers.Embedding(4, 3), layers.LSTM(5)])
    ),
    "latent of another shape": lambda: Generator(spatial()),
    "reversed": lambda: Generator(reversed_inputs(), condition_input=1),
    "of bfloat16 alone": lambda: Generator(of_policy("bfloat16")),
    "unbounded": lambda: Generator(two_inputs(activation=None), bounds=(-np.inf, np.inf)),
    "subclassed": lambda: Generator(
        Pair(), condition_input=1, condition_size=4, latent_size=7, bounds=(-1, 1)
    ),
    "partly functional": lambda: Generator(
        PartlyFunctional(), condition_size=4, latent_size=7, bounds=(-1, 1)
    ),
}


@pytest.mark.parametrize("own", OWN)
def test_what_is_saved_loads_as_what_it_was(own, tmp_path):
    generator = OWN[own]()
    card = save_generator(generator, tmp_path / "own", metrics={"accuracy": 0.9})
    loaded = load_generator(tmp_path / "own")
    assert loaded.facts() == generator.facts()
    assert loaded.layout == generator.layout and loaded.prior == generator.prior
    assert (loaded.bounds, loaded.background) == (generator.bounds, generator.background)
    assert loaded.name == generator.name and loaded.data_shape == generator.data_shape
    assert loaded.digest() == generator.digest() == card["weights"]["digest"]
    np.testing.assert_allclose(loaded.sample(LABELS, 1), generator.sample(LABELS, 1), atol=1e-6)
    assert loaded.card == card == generator_card(tmp_path / "own")
    assert card["metrics"] == {"accuracy": 0.9}
    # a card travels with its generator
    again = save_generator(loaded, tmp_path / "again")
    assert again["metrics"] == {"accuracy": 0.9} and again["weights"]["digest"] == loaded.digest()


def test_a_card_holds_settings_and_numbers_of_numpy_and_nothing_is_lost_where_it_cannot(tmp_path):
    own = Generator(two_inputs())
    settings = SearchSettings(steps=3, learning_rate=0.5)
    metrics = {"accuracy": np.float32(0.5), "confusion": np.eye(2, dtype=int)}
    save_generator(own, tmp_path, settings={"best": settings}, metrics=metrics)
    card = load_generator(tmp_path).card
    assert SearchSettings.from_dict(card["settings"]["best"]) == settings
    assert card["metrics"] == {"accuracy": 0.5, "confusion": [[1, 0], [0, 1]]}
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    with pytest.raises(InputError, match="metrics=.* expected what a JSON file can hold"):
        save_generator(Generator(two_inputs()), tmp_path, metrics={"accuracy": {1, 2}})
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before


def mean_squared(data, generated):
    return tf.reduce_max(tf.abs(data - generated), axis=-1)


@pytest.mark.parametrize(
    "values",
    [
        {"difference": mean_squared},
        {"decision": lambda data, generated: mean_squared(data, generated)},
        {"optimizer": Momentum(0.1)},
    ],
    ids=["called as one of the library's", "without a name", "a solver"],
)
def test_settings_of_ones_own_are_not_written_as_others(values, tmp_path):
    settings = {"fast": SearchSettings(steps=3), "best": SearchSettings(**values)}
    (name,) = values
    with pytest.raises(InputError, match=f"{name}=.* expected a name"):
        save_generator(Generator(two_inputs()), tmp_path / "own", settings=settings)
    assert not (tmp_path / "own").exists()


def test_what_a_card_says_may_be_replaced_entry_by_entry(tmp_path):
    before = save_generator(Generator(two_inputs()), tmp_path, metrics={"accuracy": 0.5})
    after = update_card(tmp_path, name="other", arrange=False)
    assert after == {**before, "name": "other", "arrange": False} == generator_card(tmp_path)
    loaded = load_generator(tmp_path)
    assert (loaded.name, loaded.arrange, loaded.card) == ("other", False, after)
    with pytest.raises(InputError, match="no generator"):
        update_card(tmp_path / "none", name="other")
    assert not (tmp_path / "none").exists()


def test_half_precision_takes_half_the_space(tmp_path):
    generator = Generator(two_inputs(shape=(32, 32, 3)))
    whole, half = (
        save_generator(generator, tmp_path / dtype, dtype) for dtype in ("float32", "float16")
    )
    sizes = [
        (tmp_path / dtype / "generator.npz").stat().st_size for dtype in ("float32", "float16")
    ]
    assert sizes[1] < 0.6 * sizes[0]
    assert whole["weights"]["digest"] != half["weights"]["digest"]
    loaded = load_generator(tmp_path / "float16")
    assert loaded.digest() == half["weights"]["digest"]
    assert {str(weight.dtype) for weight in loaded.model.weights} == {"float32"}
    np.testing.assert_allclose(loaded.sample(LABELS, 1), generator.sample(LABELS, 1), atol=5e-3)
    with pytest.raises(InputError, match="dtype='int8'"):
        save_generator(generator, tmp_path, "int8")


def test_numbers_too_large_for_half_precision_stay_as_they_are(tmp_path):
    model = two_inputs()
    weights = model.get_weights()
    # halves reach to 65504, and round a third
    weights[1][:2], weights[2][0] = (1e5, 1 / 3), 1e-6
    model.set_weights(weights)
    card = save_generator(Generator(model), tmp_path, "float16")
    loaded = load_generator(tmp_path)
    assert loaded.digest() == card["weights"]["digest"]
    for place, found in enumerate(loaded.source.get_weights()):
        rounded = weights[place].astype(np.float16) if place != 1 else weights[1]
        np.testing.assert_array_equal(found, rounded)


def test_optimizers_stay_behind(tmp_path):
    model = two_inputs()
    model.compile("adam", "mse")
    card = save_generator(Generator(model), tmp_path)
    assert "compile_config" not in json.dumps(card["model"])
    assert not load_generator(tmp_path).source.compiled


def test_what_was_frozen_as_a_whole_may_be_trained_again(tmp_path):
    model = two_inputs()
    for frozen, count in (([], 4), ([model.layers[5]], 2), ([model], 4)):
        for one in frozen:
            one.trainable = False
        save_generator(Generator(model), tmp_path)
        assert len(load_generator(tmp_path).model.trainable_variables) == count


def test_damage_is_told(tmp_path):
    card = save_generator(Generator(two_inputs()), tmp_path)
    weights = (tmp_path / "generator.npz").read_bytes()
    (tmp_path / "generator.npz").write_bytes(weights[:-1] + b"x")
    with pytest.raises(InputError, match=r"SHA-256 .*expected " + card["weights"]["sha256"]):
        load_generator(tmp_path)
    (tmp_path / "generator.npz").unlink()
    with pytest.raises(InputError, match=r"generator\.npz cannot be read"):
        load_generator(tmp_path)
    (tmp_path / "card.json").write_text('{"kind": "network"}')
    with pytest.raises(InputError, match="no generator's card"):
        load_generator(tmp_path)
    (tmp_path / "card.json").write_text("{")
    with pytest.raises(InputError, match="damaged: expected JSON"):
        load_generator(tmp_path)
    with pytest.raises(InputError, match=r"'nowhere'.*mnist-cagan-compact.*\.keras"):
        load_generator("nowhere")
    (tmp_path / "bad.keras").write_bytes(b"no zip")
    with pytest.raises(InputError, match="holds no Keras model"):
        load_generator(tmp_path / "bad.keras")


def test_a_keras_file_with_its_facts_beside_it(tmp_path):
    model = keras.Model([a := keras.Input([7]), b := keras.Input([4])], network([a, b], (9,), None))
    model.save(tmp_path / "own.keras")
    with pytest.raises(GeneratorError, match="which is the condition"):
        load_generator(tmp_path / "own.keras")
    facts = {
        "class_names": ["cat", "cow", "dog", "owl"],
        "bounds": [-3, None],
        "background": 0.5,
        "prior": {"mean": 1.0, "standard_deviation": 2.0},
        "condition_input": 1,
    }
    (tmp_path / "own.json").write_text(json.dumps(facts))
    generator = load_generator(tmp_path / "own.keras")
    assert generator.name == "own" and generator.layout.class_names == ("cat", "cow", "dog", "owl")
    assert generator.bounds == (-3, np.inf) and generator.background == 0.5
    assert generator.prior == Prior(1.0, 2.0) and generator.latent_size == 7
    # what is said in the call comes first
    said = load_generator(tmp_path / "own.keras", class_names="abcd", bounds=(-5, 5))
    assert said.layout.class_names == tuple("abcd") and said.bounds == (-5, 5)
    labels = ConditionLayout.binary(("round", "red"))
    (tmp_path / "own.json").write_text(json.dumps({**labels.to_dict(), "condition_input": 1}))
    assert load_generator(tmp_path / "own.keras", bounds=(-5, 5)).layout == labels


@pytest.mark.filterwarnings("ignore:.*cannot be built automatically")
@pytest.mark.parametrize("own", [Arguments, PartlyFunctional])
def test_a_keras_file_of_a_subclassed_model_of_two_arguments_has_its_weights(own, tmp_path):
    facts = {"class_names": ["cat", "cow", "dog", "owl"], "latent_size": 7, "bounds": (-1, 1)}
    model, path = own(name="own"), tmp_path / "own.keras"
    layout = ConditionLayout.classes(facts["class_names"])
    saved = Generator(model, layout, latent_size=7, bounds=(-1, 1))
    model.save(path)
    with pytest.raises(GeneratorError, match="say condition_size"):
        load_generator(path)
    with pytest.raises(InputError, match="other weights than the model"):
        load_generator(path, **{**facts, "class_names": ["cat", "cow"]})
    said = load_generator(path, **facts)
    path.with_suffix(".json").write_text(json.dumps(facts))
    for loaded in (said, load_generator(path)):
        np.testing.assert_allclose(loaded.sample(LABELS, 1), saved.sample(LABELS, 1), atol=1e-6)
    if own is PartlyFunctional:
        with pytest.raises(GeneratorError, match=r"'own' could not be called.*\(1, 6\)"):
            load_generator(path, latent_size=6)


@pytest.mark.parametrize(
    ("facts", "message"),
    [
        ({"bound": [0, 1]}, r"own\.json: \['bound'\]: expected only.*'bounds'"),
        ({"bounds": 1}, r"own\.json does not say what it should"),
        ({"prior": {"mean": "x"}}, r"own\.json does not say what it should"),
        ({"labels": ["a"]}, r"own\.json does not say what it should"),
        ([], r"own\.json holds a list"),
        ({"class_names": ["a", "b"]}, "in the layout"),
    ],
)
def test_facts_that_cannot_be_meant(facts, message, tmp_path):
    two_inputs().save(tmp_path / "own.keras")
    (tmp_path / "own.json").write_text(json.dumps(facts))
    with pytest.raises(InputError, match=message):
        load_generator(tmp_path / "own.keras")


class Swish(layers.Layer):
    def call(self, inputs):
        return inputs * keras.ops.sigmoid(inputs)


def with_a_class_of_its_own():
    condition, latent = keras.Input([4], name="condition"), keras.Input([7], name="latent")
    inner = keras.Sequential([keras.Input([11]), Swish()])
    x = inner(layers.Concatenate()([condition, latent]))
    return keras.Model([condition, latent], layers.Dense(5, activation="tanh")(x))


def test_a_class_that_keras_does_not_know_is_named(tmp_path):
    model = with_a_class_of_its_own()
    model.save(tmp_path / "own.keras")
    save_generator(Generator(model), tmp_path / "own")
    for saved in (tmp_path / "own.keras", tmp_path / "own"):
        with pytest.raises(InputError) as caught:
            load_generator(saved)
        told = str(caught.value)
        assert "it uses the class 'Swish', which Keras does not know" in told
        assert 'custom_objects={"Swish": Swish}' in told and "\n" not in told and len(told) < 400
        loaded = load_generator(saved, custom_objects={"Swish": Swish})
        np.testing.assert_allclose(
            loaded.sample(LABELS, 1), Generator(model).sample(LABELS, 1), atol=1e-6
        )


def test_python_code_in_a_file_is_not_run(tmp_path):
    condition = keras.Input([4], name="condition")
    data = layers.Lambda(lambda x: 2 * x)(layers.Dense(3, activation="tanh")(condition))
    keras.Model(condition, data).save(tmp_path / "own.keras")
    with pytest.raises(InputError, match=r"Lambda layer.*safe_mode=False"):
        load_generator(tmp_path / "own.keras")


def _with(layer):
    """A model [condition, latent] -> data, with a layer inside of a nested model."""
    inputs = [keras.Input([4], name="condition"), keras.Input([7], name="latent")]
    inner = keras.Sequential([keras.Input([11]), layer])
    x = inner(layers.Concatenate()(inputs))
    return keras.Model(inputs, layers.Dense(5, activation="tanh")(x), name="whole")


def doubled(x):
    return 2 * x


def test_layers_that_would_not_load_are_not_saved(tmp_path):
    module = tf.Module()
    signature = [tf.TensorSpec([None, 11])]
    module.run = tf.function(lambda x: 2 * x, input_signature=signature)
    tf.saved_model.save(module, tmp_path / "graph", signatures=module.run)
    for layer in (
        layers.Lambda(lambda x: 2 * x, name="trick"),
        layers.TFSMLayer(str(tmp_path / "graph"), call_endpoint="serving_default", name="trick"),
        layers.Pipeline([layers.Lambda(lambda x: 2 * x, name="trick")]),
    ):
        with pytest.raises(InputError, match=r"layers \['trick'\] of the model 'whole'.*expected"):
            model_config(keras.Sequential([keras.Input([11]), layer], name="whole"))
    generator = Generator(_with(layers.Lambda(lambda x: 2 * x, name="trick")))
    with pytest.raises(InputError, match="'trick'"):
        save_generator(generator, tmp_path / "own")
    assert not (tmp_path / "own").exists()
    # a function that has a name is asked for by it
    save_generator(Generator(_with(layers.Lambda(doubled))), tmp_path / "named")
    load_generator(tmp_path / "named", custom_objects={"doubled": doubled})


def test_what_is_no_generator_is_neither_saved_nor_loaded(tmp_path):
    with pytest.raises(InputError, match="expected a Generator, such as Generator"):
        save_generator(two_inputs(), tmp_path / "own")
    with pytest.raises(InputError, match="=3: expected a name, or a path"):
        load_generator(3)


def test_a_model_that_does_not_tell_its_configuration(tmp_path):
    class Mute(Pair):
        def __init__(self, units, table):
            super().__init__()

    model = Mute(3, object())
    generator = Generator(model, condition_input=0, condition_size=4, latent_size=7, bounds=(-1, 1))
    with pytest.raises(InputError, match="does not tell how to make it again"):
        save_generator(generator, tmp_path / "own")


def test_precision_reaches_nested_layers(tmp_path):
    inner = two_inputs(activation="sigmoid")
    inputs = [keras.Input([4], name="condition"), keras.Input([7], name="latent")]
    dense = layers.Dense(3)
    rows = layers.TimeDistributed(layers.TimeDistributed(dense))(inner(inputs))
    keras.Model(inputs, layers.Activation("sigmoid")(rows)).save(tmp_path / "own.keras")
    rough = load_generator(tmp_path / "own.keras", "mixed_bfloat16")
    exact = load_generator(tmp_path / "own.keras")
    nested, wrapper = rough.model.layers[2:4]
    assert {layer.compute_dtype for layer in nested.layers} == {"bfloat16"}
    assert wrapper.layer.layer.compute_dtype == "bfloat16"
    assert {weight.dtype for weight in rough.model.weights} == {"float32"}
    difference = np.abs(rough.sample(LABELS, 1) - exact.sample(LABELS, 1)).max()
    assert 0 < difference < 0.02 and rough.sample(LABELS, 1).dtype == np.float32
    with pytest.raises(InputError, match="precision='mixed_float8'"):
        load_generator(tmp_path / "own.keras", "mixed_float8")


def test_a_generator_in_other_bounds_is_known_by_them(tmp_path):
    shipped = load_generator("mnist-cagan-compact")
    for scale, offset, bounds in ((2.0, 0.0, (-1, 1)), (1.0, 0.5, (0, 1))):
        data = layers.Rescaling(scale, offset, name="to_own")(shipped.model.output)
        keras.Model(shipped.model.inputs, data).save(tmp_path / "own.keras")
        own = load_generator(tmp_path / "own.keras")
        assert own.bounds == bounds and own.background == bounds[0]
        np.testing.assert_allclose(
            own.sample(LABELS, 1), scale * shipped.sample(LABELS, 1) + offset, atol=1e-6
        )
        assert load_generator(tmp_path / "own.keras", bounds=bounds).bounds == bounds
        for wrong in {(-0.5, 0.5), (-1, 1), (0, 1), (0, 255)} - {bounds}:
            with pytest.raises(GeneratorError, match="say the bounds of the data"):
                load_generator(tmp_path / "own.keras", bounds=wrong)
