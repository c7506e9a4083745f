"""`igc-tf export`."""

from pathlib import Path
from typing import Literal

from igc_tf.commands.class_classifier import class_classifier
from igc_tf.export import export_hlo, export_saved_model


def export(
    output: Path,
    generator: str = "mnist-cagan-compact",
    settings: Literal["paper", "best"] = "paper",
    format: Literal["saved_model", "hlo"] = "saved_model",
    batch_size: int = 100,
) -> int:
    """Writes a classifier, the whole search inside, that runs without this package.

    Args:
        output: directory to write; must not exist, or be empty.
        generator: a name that ships, or a .keras file.
        settings: the paper's search settings, or those chosen on the validation digits.
        format: a TensorFlow SavedModel; or an HLO program, which JAX runs on any of its devices.
        batch_size: images searched at once; for HLO, the number of images that the program takes.
    """
    classifier = class_classifier(generator, settings)
    write = export_hlo if format == "hlo" else export_saved_model
    write(classifier, output, batch_size)
    print(f"{generator}, {settings} settings: {output}")
    return 0
