"""`python -m training.calibrate NAME...`: writes on a generator's card what its scores mean.

Of digits that it was not trained with and its settings were not chosen by; `load_classifier` then
makes classifiers that have probabilities, and can refuse. To be run again when weights, settings or
what settings name have changed.
"""

from dataclasses import dataclass
from pathlib import Path

import tyro

from igc_tf.classifiers import load_classifier
from igc_tf.classifiers.load import calibration_record
from igc_tf.cli.program import parse_options, run_program
from igc_tf.data import label_digits, load_images
from igc_tf.errors import InputError
from igc_tf.generators.keras_files import model_directory
from igc_tf.generators.store import (
    SHIPPED_GENERATORS,
    generator_names,
    load_generator,
    update_card,
)

SPLIT = "validation/calibration"
# searched at once; does not change what comes out
_AT_ONCE = 100


@dataclass(frozen=True)
class CalibrateOptions:
    """Learns from validation digits what a generator's scores mean, and writes that on its card.

    Attributes:
        generators: names that ship, or generators' directories.
        settings: names on the card, or "paper"; those of the card if not given, the paper's of one
            that has none. What the card says of others stays.
        data_dir: of TensorFlow Datasets; its own default if not given.
    """

    generators: tyro.conf.Positional[tuple[str, ...]]
    settings: tuple[str, ...] = ()
    data_dir: Path | None = None

    def __post_init__(self):
        if not self.generators:
            raise InputError("no generator given: expected one or more names or directories")


def calibrate_card(generator, settings=(), data=None, data_dir=None, verbose="auto"):
    """Calibrates a generator's classifiers, and writes on its card what comes out.

    Args:
        generator: a name that ships, or a directory of `save_generator`.
        settings: as of `CalibrateOptions`.
        data: `LabelledData` of known classes; None for the images that the data set of its
            training keeps for that.
        data_dir: of TensorFlow Datasets; None for its own default.
        verbose: as for `predict`.

    Returns:
        `{settings: what the card says of them}`: `temperature` and `doubts` (see `Calibration`),
        `weights_sha256`, and `data`.

    Raises:
        InputError: for a name that is not known; for a generator of unknown data.
        DataUnavailableError: if the images are not available.
    """
    directory = model_directory(generator, SHIPPED_GENERATORS)
    if directory is None:
        raise InputError(
            f"no generator {str(generator)!r}: expected one of {generator_names()} or a directory"
        )
    loaded = load_generator(directory)
    if data is None:
        recipe = loaded.recipe
        if "dataset" not in recipe:
            raise InputError(
                f"the card of {str(generator)!r} does not say what data it was trained on: "
                "expected a generator of `igc-tf train`, or `data` for `calibrate_card`"
            )
        data = load_images(recipe["dataset"], SPLIT, data_dir, bounds=loaded.bounds)
        if recipe.get("labels") == "digit_labels":
            data = label_digits(data, recipe["seed"])
    loaded.check_set(data)
    found = {}
    for name in settings or tuple(loaded.recorded_settings or ("paper",)):
        classifier = load_classifier(loaded, name)
        classifier.calibrate(data.data, data.labels, batch_size=_AT_ONCE, verbose=verbose)
        found[name] = calibration_record(classifier, data)
    update_card(directory, calibration={**loaded.card.get("calibration", {}), **found})
    return found


def main():
    """Calibrates with the options of the command line."""
    options = parse_options(CalibrateOptions)
    for name in options.generators:
        cards = calibrate_card(name, options.settings, data_dir=options.data_dir)
        for settings, found in cards.items():
            print(f"{name}, {settings}: temperature {found['temperature']:.4g}")


if __name__ == "__main__":
    run_program(main)
