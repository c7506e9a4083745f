"""The classifier of a generator, by name."""

import hashlib

import keras

from igc_tf.classifiers.calibration import Calibration
from igc_tf.classifiers.inverse import InverseClassifier
from igc_tf.classifiers.inverted_generator import (
    InvertedGeneratorClassifier,
    MultiLabelInvertedGeneratorClassifier,
)
from igc_tf.errors import InputError
from igc_tf.generators.generator import Generator
from igc_tf.generators.keras_files import weights_digest
from igc_tf.generators.store import load_generator
from igc_tf.search.settings import SearchSettings, usual_settings

CLASSIFIERS = {
    "inverted": InvertedGeneratorClassifier,
    "multi_label": MultiLabelInvertedGeneratorClassifier,
    "inverse": InverseClassifier,
}


def load_classifier(generator, settings=None, kind=None, **facts):
    """Makes the classifier that suits a generator.

    It is calibrated where the generator's card says what the scores of these settings mean: then
    it has probabilities, and can refuse (`reject_at`).

    Args:
        generator: the name of one that ships; a directory or a `.keras` file of one; a
            `Generator`; or a Keras model that one can be made of.
        settings: a `SearchSettings`, "paper", or a name on the generator's card, such as "best".
            None: the best on the card if there are any, else the class's defaults, the paper's.
            With the `kind` "inverse", where the generator asks for another: that class's defaults.
            (The classes themselves, called directly, take their defaults: the paper's settings.)
        kind: "inverted", "multi_label" or "inverse" (see `CLASSIFIERS`); None for what the
            generator asks for: "inverse" without a latent, "multi_label" with several labels.
        facts: as for `load_generator`, e.g. `bounds` or `precision`.

    Returns:
        A `SearchClassifier`.

    Raises:
        InputError: for a generator that cannot be loaded, or settings that its card does not have.
    """
    if isinstance(generator, Generator | keras.Model):
        if facts:
            raise InputError(f"{sorted(facts)}: expected none, the generator is loaded already")
        generator = Generator.of(generator)
    else:
        generator = load_generator(generator, **facts)
    usual = _kind(generator)
    kind = kind if kind is not None else usual
    if kind not in CLASSIFIERS:
        raise InputError(f"kind={kind!r}: expected one of {sorted(CLASSIFIERS)}")
    recorded = generator.recorded_settings
    if settings is None and recorded and (kind == usual or kind != "inverse"):
        settings = usual_settings(recorded)
    classifier = CLASSIFIERS[kind](generator, settings)
    if kind == usual:
        classifier.calibration = _recorded_calibration(generator, classifier.settings)
    return classifier


def _recorded_calibration(generator, settings):
    """What a card says of the scores of these settings, by whatever name it has them; or None.

    What it says of other weights than the generator has is of no use.
    """
    named = {"paper": {}, **generator.recorded_settings}
    for name, values in ((generator.card or {}).get("calibration") or {}).items():
        is_meant = name in named and SearchSettings.from_dict(named[name]) == settings
        if is_meant and values["weights_sha256"] == all_weights_digest(generator):
            return Calibration.from_dict(values)
    return None


def calibration_record(classifier, data):
    """Returns what a card says of a calibrated classifier's scores, JSON-ready.

    Args:
        classifier: a calibrated `SearchClassifier`.
        data: the `LabelledData` that calibrated it.
    """
    return {
        **classifier.calibration.to_dict(),
        "weights_sha256": all_weights_digest(classifier.generator),
        "data": data.facts(),
    }


def all_weights_digest(generator):
    """Returns the SHA-256 of a generator's weights and its encoder's, in hexadecimal."""
    models = [m for m in (generator.source, generator.encoder) if m is not None]
    return hashlib.sha256("".join(map(weights_digest, models)).encode()).hexdigest()


def _kind(generator):
    if generator.latent_size is None:
        return "inverse"
    return "multi_label" if generator.layout.num_labels > 1 else "inverted"
