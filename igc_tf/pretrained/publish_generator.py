"""Turns a training run's generator into one that ships."""

from pathlib import Path

import igc_tf
from igc_tf.data.digit_labels import DIGIT_LABELS
from igc_tf.data.layout import ConditionLayout
from igc_tf.errors import InputError
from igc_tf.generators.generator import Generator
from igc_tf.generators.keras_files import read_keras_file
from igc_tf.generators.store import save_generator

GENERATORS = Path(igc_tf.__file__).parent / "generators" / "weights"


def publish_generator(
    run, name, commit, command, best_settings=None, metrics=None, folder=GENERATORS
):
    """Writes the weights and the card of the generator that a run chose, as float16.

    Args:
        run: a `RunDirectory` of `train_cagan` or `train_conditional_gan`.
        name: what `load_generator` will know it as.
        commit: of the code that trained it.
        command: that trained it.
        best_settings: search settings chosen on the validation images, JSON-ready; optional.
        metrics: figures of result files, JSON-ready; optional.
        folder: where to make the directory NAME.

    Returns:
        The card.

    Raises:
        InputError: if the run has no generator yet.
    """
    options, best = run.read_json("options.json"), run.read_json("best.json")
    if options is None or best is None or not (run.path / "generator.keras").is_file():
        raise InputError(f"{run.path} holds no training run with a chosen generator.keras")
    layout = None
    if options["recipe"].get("task") == "digit_labels":
        layout = ConditionLayout.binary(DIGIT_LABELS)
    generator = Generator(read_keras_file(run.path / "generator.keras"), layout, name=name)
    return save_generator(
        generator,
        Path(folder) / name,
        "float16",
        training={"command": command, "commit": commit, **options},
        chosen_epoch=best,
        metrics=metrics,
        settings={} if best_settings is None else {"best": best_settings},
    )
