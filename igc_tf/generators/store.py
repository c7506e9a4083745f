"""Generators by name, in directories and in `.keras` files.

A generator on disk is a directory: `card.json` holds Keras' configuration of the network, what a
`Generator` knows of its data, and how it was made; `generator.npz` its weights; `encoder.npz`
those of its encoder, if it has one. Those that ship, that training writes and that people save are
the same.
"""

import json
from pathlib import Path

import numpy as np

from igc_tf.data.layout import ConditionLayout
from igc_tf.errors import GeneratorError, InputError, expected_one_of, first_line
from igc_tf.generators.adapt import Form, adapt
from igc_tf.generators.generator import FACTS, Generator, Prior
from igc_tf.generators.keras_files import (
    CARD,
    build_model,
    compute_in,
    keep_weights,
    model_config,
    model_directory,
    model_names,
    read_keras_file,
    read_weights,
)
from igc_tf.ranges import bounds_from_json, check_kind
from igc_tf.runs import RunDirectory, read_json

SHIPPED_GENERATORS = Path(__file__).parent / "weights"
# long machine-read entries, one line each
_LONG = ("calibration", "model", "encoder_model")
# what a card says of a generator's making
_KEPT = (
    *("family", "architecture", "training", "chosen_epoch"),
    *("metrics", "settings", "calibration"),
)
_FACTS = (*FACTS, *Form._fields)


def generator_names():
    """Returns the names of the generators that ship, in alphabetical order."""
    return model_names(SHIPPED_GENERATORS)


def generator_card(generator):
    """Returns a generator's card: network, facts, training, figures, search settings, hashes.

    Args:
        generator: a name that ships, or a directory of `save_generator`.

    Raises:
        InputError: for neither.
    """
    directory = model_directory(generator, SHIPPED_GENERATORS)
    if directory is None:
        raise InputError(
            f"no generator {str(generator)!r}: {expected_one_of(generator, generator_names())} or "
            f"a directory with a {CARD}"
        )
    card = read_json(directory / CARD)
    if not isinstance(card, dict) or card.get("kind") != "generator":
        raise InputError(f"{directory / CARD} is no generator's card")
    return card


def recorded_settings(generator):
    """Returns the search settings on a generator's card, {name: dict}; none where it has no card.

    Args:
        generator: as for `load_generator`.
    """
    directory = model_directory(generator, SHIPPED_GENERATORS)
    return {} if directory is None else generator_card(directory).get("settings") or {}


def load_generator(generator, precision=None, custom_objects=None, **facts):
    """Loads a `Generator`.

    Beside a file `own.keras`, a file `own.json` may say what a Keras model does not: `class_names`
    (or `labels`), `bounds`, `background`, `prior`, `condition_input`, `condition_size`,
    `latent_size`, `condition_index`, `arrange`; see `Generator`.

    Args:
        generator: a name that ships ("mnist-cagan-compact"), a directory of `save_generator`, or
            the path of a `.keras` file.
        precision: what its layers compute in, a Keras dtype policy; with "mixed_bfloat16" a search
            takes less time where the processor multiplies bfloat16 matrices (AMX, tensor cores),
            and its differences are rougher. None leaves what was saved; shipped: "float32".
        custom_objects: {name: class or function} that the file uses and Keras does not know.
        **facts: arguments of `Generator`, in the place of what card or file say; `class_names`
            stands for the layout of one label. None leaves what card or file say.

    Raises:
        InputError: for anything else, for what cannot be loaded, and for weights that do not match
            their card.
        GeneratorError: for a model that contradicts what is said of it.
    """
    model, known = load_model(generator, precision, custom_objects, **facts)
    return Generator(model, **known)


def load_model(generator, precision=None, custom_objects=None, **facts):
    """Loads a generator's Keras model, untried, and what is known of it.

    Args and raises: as for `load_generator`.

    Returns:
        `(model, facts)`, the arguments of `Generator`.
    """
    directory, path = model_directory(generator, SHIPPED_GENERATORS), Path(generator)
    said = {name: fact for name, fact in _named_facts(facts).items() if fact is not None}
    if directory is not None:
        card = generator_card(directory)
        known = {**_read_facts(card, directory / CARD, strict=False), "card": card}
        known = {**known, "name": card.get("name", directory.name), **said}
        model = build_model(card["model"], custom_objects)
        _build(model, known)
        _read(model, directory, card["weights"])
        if "encoder" in card:
            known["encoder"] = build_model(card["encoder_model"], custom_objects)
            _read(known["encoder"], directory, card["encoder"])
    elif path.suffix == ".keras" and path.is_file():
        beside = path.with_suffix(".json")
        known = {"name": path.stem, **_read_facts(read_json(beside), beside), **said}
        model = read_keras_file(path, custom_objects)
        if _build(model, known):
            _read_again(model, path)
    else:
        what = ""
        if (path / "program.hlo.pb").is_file():
            what = " is an HLO program (to serve, export a SavedModel instead)"
        raise InputError(
            f"generator {str(generator)!r}{what}: "
            f"{expected_one_of(generator, generator_names())}, a directory with a {CARD}, or the "
            "path of an existing .keras file"
        )
    if precision is not None:
        for network in (model, known.get("encoder")):
            if network is not None:
                compute_in(network, precision)
    return model, known


def save_generator(generator, directory, dtype="float32", **entries):
    """Writes a `Generator` into a directory, from which `load_generator` reads it.

    Args:
        generator: a `Generator`.
        directory: created if missing; a card and weights that are there are replaced.
        dtype: of the weights on disk: "float32", or "float16" for half the size.
        **entries: what else the card says: `training`, `metrics`, `settings` (by name), …; they
            replace those of the generator's own card. JSON-ready values, objects with a `to_card`
            or `to_dict`, such as `SearchSettings`, and NumPy's numbers and arrays.

    Returns:
        The card.

    Raises:
        InputError: for no `Generator`, a model whose configuration Keras cannot write, or would not
            load (`Lambda` and `TFSMLayer` layers), for another dtype, and for an entry that no JSON
            file can hold, such as `SearchSettings` with a function of one's own; nothing is written
            then.
        OutputError: if the directory cannot be written.
    """
    check_kind("generator", generator, Generator, "a Generator, such as Generator(model)")
    if dtype not in ("float32", "float16"):
        raise InputError(f"dtype={dtype!r}: expected 'float32' or 'float16'")
    entries = {name: _json_ready(name, entry) for name, entry in entries.items()}
    networks = {"model": model_config(generator.source)}
    if generator.encoder is not None:
        networks["encoder_model"] = model_config(generator.encoder)
    target = RunDirectory(directory)
    weights = {"weights": keep_weights(generator.source, target, "generator.npz", dtype)}
    if generator.encoder is not None:
        weights["encoder"] = {
            **keep_weights(generator.encoder, target, "encoder.npz", dtype),
            "parameters": generator.encoder.count_params(),
        }
    card = {
        "kind": "generator",
        "name": generator.name,
        **generator.facts(),
        "data_shape": list(generator.data_shape),
        "parameters": generator.source.count_params(),
        **weights,
        **{key: value for key, value in (generator.card or {}).items() if key in _KEPT},
        **entries,
        **networks,
    }
    write_card(target.path, card)
    return card


def write_card(directory, card):
    """Writes a card, its long machine-read entries in one line each; returns the path.

    Args:
        directory: of the card.
        card: JSON-ready; its `model`, and its `encoder_model` if it has one, are a `model_config`.

    Raises:
        OutputError: if it cannot be written.
    """
    rest = {key: value for key, value in card.items() if key not in _LONG}
    text = json.dumps(rest, indent=2, ensure_ascii=False).removesuffix("\n}")
    for key in _LONG:
        if key in card:
            text += f',\n  "{key}": {json.dumps(card[key], ensure_ascii=False)}'
    return RunDirectory(directory).write_text(CARD, text + "\n}\n")


def update_card(directory, **entries):
    """Replaces entries of the card of a generator's directory; returns the card.

    Args:
        directory: of `save_generator`.
        **entries: JSON-ready.

    Raises:
        InputError: for another directory.
        OutputError: if the card cannot be written.
    """
    card = {**generator_card(directory), **entries}
    write_card(directory, card)
    return card


def _json_ready(name, entry):
    """An entry of a card, as it reads back from JSON."""

    def plain(value):
        for method in ("to_card", "to_dict"):
            if hasattr(value, method):
                return getattr(value, method)()
        if isinstance(value, np.generic | np.ndarray):
            return value.tolist()
        raise TypeError(f"a {type(value).__name__} is not JSON-ready")

    try:
        return json.loads(json.dumps(entry, default=plain))
    except (TypeError, ValueError) as error:
        raise InputError(
            f"{name}={entry!r}: expected what a JSON file can hold ({error})"
        ) from None


def _read(model, directory, weights):
    """Sets a network's weights to those that a card describes."""
    read_weights(model, directory / weights["file"], weights["sha256"])


def _named_facts(facts):
    """Arguments of `Generator`, `class_names` among them."""
    unknown = sorted(facts.keys() - {*_FACTS, "class_names"})
    if unknown:
        raise InputError(f"{unknown}: expected only {[*_FACTS, 'class_names']}")
    facts = dict(facts)
    names = facts.pop("class_names", None)
    return facts if names is None else {**facts, "layout": ConditionLayout.classes(names)}


def _read_facts(values, path, strict=True):
    """The arguments of `Generator` that a JSON file says; if strict, it may say nothing else."""
    if values is None:
        return {}
    if not isinstance(values, dict):
        raise InputError(f"{path} holds a {type(values).__name__}: expected a generator's facts")
    values = dict(values)
    try:
        if "labels" in values:
            values["layout"] = ConditionLayout.from_dict(values)
        if "bounds" in values:
            values["bounds"] = bounds_from_json(values["bounds"])
        if "prior" in values:
            values["prior"] = Prior(**values["prior"])
    except (KeyError, TypeError, ValueError) as error:
        raise InputError(f"{path} does not say what it should of a generator: {error}") from error
    values.pop("labels", None)
    if not strict:
        values = {key: value for key, value in values.items() if key in _FACTS}
    try:
        return _named_facts(values)
    except InputError as error:
        raise InputError(f"{path}: {error}") from error


def _build(model, facts):
    """Creates all weights of a subclassed model, some of which may come with its first call.

    Returns:
        Whether it is one; a functional model has all of its weights.
    """
    if getattr(model, "inputs", None):
        return False
    form = Form(*[facts.get(name) for name in Form._fields])
    if form.condition_size is None and "layout" in facts:
        form = form._replace(condition_size=facts["layout"].size)
    adapted = adapt(model, form)
    sizes = [adapted.condition_size, adapted.latent_size]
    inputs = [np.zeros([1, size], np.float32) for size in sizes if size is not None]
    try:
        adapted.model(inputs if len(inputs) > 1 else inputs[0])
    except Exception as error:
        raise GeneratorError(
            f"the generator {model.name!r} could not be called on inputs of shapes "
            f"{[value.shape for value in inputs]}: {first_line(error)}"
        ) from error
    return True


def _read_again(model, path):
    """Sets the weights of a `.keras` file that Keras left out as long as there were none to set."""
    try:
        model.load_weights(path)
    except Exception as error:
        raise InputError(
            f"{path} holds other weights than the model, called as is said of it, has: "
            f"{first_line(error)}"
        ) from error
