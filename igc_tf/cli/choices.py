"""The classifier that a command is asked to use."""

from igc_tf.classifiers import InvertedGeneratorClassifier, MultiLabelInvertedGeneratorClassifier
from igc_tf.data import DIGIT_LABELS, ConditionLayout
from igc_tf.generators.generator import Generator
from igc_tf.pretrained import generator_card, generator_names, load_generator, named_settings


def chosen_classifier(generator, settings=None, bounds=None):
    """Returns the classifier of a generator, of classes or of several labels.

    Args:
        generator: a name that ships, or a .keras file.
        settings: "paper"; "best", those chosen on the validation digits; None for the latter
            where they are recorded, else the former.
        bounds: (low, high) of the generator's data; None for what is known of them.

    Raises:
        InputError: for a generator that cannot be loaded, or "best" where none are recorded.
    """
    card = generator_card(generator) if generator in generator_names() else {}
    has_classes = card.get("training", {}).get("recipe", {}).get("task", "classes") == "classes"
    if settings is None:
        settings = "best" if card.get("settings", {}).get("best") else "paper"
    search = named_settings(settings, generator)
    facts = {"bounds": bounds} if bounds is not None else {}
    if not has_classes:
        facts["layout"] = ConditionLayout.binary(DIGIT_LABELS)
    model = Generator(load_generator(generator), **facts)
    kind = InvertedGeneratorClassifier if has_classes else MultiLabelInvertedGeneratorClassifier
    return kind(model, search)
