"""The classifier that a command is asked to use."""

from igc_tf.classifiers import InvertedGeneratorClassifier
from igc_tf.errors import InputError
from igc_tf.pretrained import generator_card, generator_names, load_generator, named_settings


def class_classifier(generator, settings=None):
    """Builds the `InvertedGeneratorClassifier` of a generator that knows classes.

    Args:
        generator: a name that ships, or a .keras file.
        settings: "paper"; "best", those chosen on the validation digits; None for the latter
            where they are recorded, else the former.

    Raises:
        InputError: for a generator that cannot be loaded or that knows several labels instead of
            classes, or for "best" where none are recorded.
    """
    card = generator_card(generator) if generator in generator_names() else {}
    if card.get("training", {}).get("recipe", {}).get("task", "classes") != "classes":
        raise InputError(
            f"generator {generator} knows several labels at once: expected one that knows classes "
            "(igc_tf.MultiLabelInvertedGeneratorClassifier reads the labels)"
        )
    if settings is None:
        settings = "best" if card.get("best_settings") else "paper"
    search = named_settings(settings, generator)
    return InvertedGeneratorClassifier(load_generator(generator), search)
