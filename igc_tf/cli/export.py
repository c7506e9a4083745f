"""`igc-tf export`."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

from igc_tf.cli.program import ClassifierOptions, import_tensorflow_quietly
from igc_tf.ranges import Range, check_ranges


@dataclass(frozen=True, kw_only=True)
class ExportOptions(ClassifierOptions):
    """Write a classifier, the whole search inside, that runs without this package.

    Attributes:
        output: directory to write; must not exist, or be empty.
        format: a TensorFlow SavedModel; or an HLO program, which JAX runs on any of its devices.
        batch_size: images searched at once; for HLO, the number of images that the program takes.
    """

    output: Path
    format: Literal["saved_model", "hlo"] = "saved_model"
    batch_size: Annotated[int, Range(1, 100_000)] = 100

    def __post_init__(self):
        check_ranges(self)


def export_classifier(options):
    """Writes the export and says where."""
    import_tensorflow_quietly()
    from igc_tf.export import export_hlo, export_saved_model

    write = export_hlo if options.format == "hlo" else export_saved_model
    write(options.load(), options.output, options.batch_size)
    settings = "" if options.settings is None else f", {options.settings} settings"
    print(f"{options.generator}{settings}: {options.output}")
