"""The classifier of a generator, by name."""

from igc_tf.classifiers.inverse import InverseClassifier
from igc_tf.classifiers.inverted_generator import InvertedGeneratorClassifier
from igc_tf.classifiers.multi_label import MultiLabelInvertedGeneratorClassifier
from igc_tf.errors import InputError
from igc_tf.generators.generator import Generator
from igc_tf.generators.store import load_generator
from igc_tf.search.settings import named_settings

CLASSIFIERS = {
    "inverted": InvertedGeneratorClassifier,
    "multi_label": MultiLabelInvertedGeneratorClassifier,
    "inverse": InverseClassifier,
}


def load_classifier(generator, settings=None, kind=None, **facts):
    """Makes the classifier that suits a generator.

    Args:
        generator: the name of one that ships; a directory or a `.keras` file of one; or a
            `Generator`.
        settings: a `SearchSettings`; "paper"; a name of settings on the generator's card, such as
            "best"; or None for the best that the card has settings for, else the classifier's own
            defaults.
        kind: "inverted", "multi_label" or "inverse" (see `CLASSIFIERS`); None for what the
            generator's condition asks for: several labels, a class, or a class without a latent.
        facts: as for `load_generator`, e.g. `bounds` or `precision`.

    Returns:
        A `SearchClassifier`.

    Raises:
        InputError: for a generator that cannot be loaded, or settings that its card does not have.
    """
    if isinstance(generator, Generator):
        if facts:
            raise InputError(f"{sorted(facts)}: expected none, the generator is loaded already")
    else:
        generator = load_generator(generator, **facts)
    if kind is None:
        kind = _kind(generator)
    if kind not in CLASSIFIERS:
        raise InputError(f"kind={kind!r}: expected one of {sorted(CLASSIFIERS)}")
    if settings is None and (kind == "inverse" or not (generator.card or {}).get("settings")):
        return CLASSIFIERS[kind](generator)
    return CLASSIFIERS[kind](generator, named_settings(settings, generator.card))


def _kind(generator):
    if generator.layout.num_labels > 1:
        return "multi_label"
    return "inverted" if generator.latent_size is not None else "inverse"
