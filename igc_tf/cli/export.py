"""`igc-tf export`."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

from igc_tf.cli.program import import_tensorflow_quietly
from igc_tf.ranges import Range, check_ranges


@dataclass(frozen=True)
class ExportOptions:
    """Write a classifier, the whole search inside, that runs without this package.

    Attributes:
        output: directory to write; must not exist, or be empty.
        generator: a name that ships, a generator's directory, or a .keras file.
        settings: "paper", the paper's search; or those on the generator's card: "best", or "fast",
            one pass of its encoder. By default the best there are.
        kind: of classifier; by default inverted, or multi_label where the generator knows several
            labels. inverse searches the class vector too.
        bounds: LOW HIGH, the values of black and white that the generator makes, where its file
            does not say them.
        format: a TensorFlow SavedModel; or an HLO program, which JAX runs on any of its devices.
        batch_size: images searched at once; for HLO, the number of images that the program takes.
    """

    output: Path
    generator: str = "mnist-cagan-compact"
    settings: str | None = None
    kind: Literal["inverted", "multi_label", "inverse"] | None = None
    bounds: tuple[float, float] | None = None
    format: Literal["saved_model", "hlo"] = "saved_model"
    batch_size: Annotated[int, Range(1, 100_000)] = 100

    def __post_init__(self):
        check_ranges(self)


def export_classifier(options):
    """Writes the export and says where."""
    import_tensorflow_quietly()
    from igc_tf.classifiers import load_classifier
    from igc_tf.export import export_hlo, export_saved_model

    classifier = load_classifier(
        options.generator, options.settings, options.kind, bounds=options.bounds
    )
    write = export_hlo if options.format == "hlo" else export_saved_model
    write(classifier, options.output, options.batch_size)
    settings = "" if options.settings is None else f", {options.settings} settings"
    print(f"{options.generator}{settings}: {options.output}")
