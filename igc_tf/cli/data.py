"""`igc-tf data list|import|prepare`."""

from dataclasses import dataclass
from pathlib import Path

import tyro

from igc_tf.cli.program import import_tensorflow_quietly


@dataclass(frozen=True)
class ListOptions:
    """List the image sets that are ready to use.

    Attributes:
        data_dir: of TensorFlow Datasets; its own default if not given.
    """

    data_dir: Path | None = None


def print_datasets(options):
    """Prints a line or two for each image set."""
    import_tensorflow_quietly()
    from igc_tf.data import list_datasets

    for row in list_datasets(options.data_dir):
        counts = ", ".join(f"{count:,} {split}" for split, count in row.image_counts.items())
        state = "ready" if row.prepared else "not prepared"
        classes = f"{row.num_classes} classes"
        print(f"{row.name:16} {state:13} {counts or '-':28} {classes}  {row.source}")
        if row.where:
            print(f"{'':16} {row.where}")


@dataclass(frozen=True)
class ImportOptions:
    """Import four IDX files (gzipped or not) into TensorFlow Datasets.

    Attributes:
        directory: holds train-images-idx3-ubyte and so on.
        dataset: the name to import them as.
        transposed: whether the files hold rows and columns exchanged; by default those of EMNIST,
            under its own name, and no others.
        data_dir: of TensorFlow Datasets; its own default if not given.
    """

    directory: tyro.conf.Positional[Path]
    dataset: str = "mnist"
    transposed: bool | None = None
    data_dir: Path | None = None


def import_files(options):
    """Imports the files, draws a few images in characters and says where they are."""
    import_tensorflow_quietly()
    from igc_tf.data import import_idx, load_images
    from igc_tf.data.tfds import is_stored_transposed

    is_transposed = options.transposed
    if is_transposed is None:
        is_transposed = is_stored_transposed(options.dataset)
    path = import_idx(options.directory, options.data_dir, options.dataset, is_transposed)
    test = load_images(options.dataset, "test", options.data_dir, download=False)
    print(f"The files were taken for {'transposed' if is_transposed else 'upright'}. Test images:")
    print(test.as_text())
    other = f"--transposed {not is_transposed}"
    print(f"If they lie on their side, delete {path} and import again with {other}.")
    print(f"{options.dataset} is ready in {path}")


@dataclass(frozen=True)
class PrepareOptions:
    """Fetch an image set from the first source that works, and say which.

    Attributes:
        dataset: "mnist", "fashion_mnist", "kmnist", ...
        data_dir: of TensorFlow Datasets; its own default if not given.
    """

    dataset: tyro.conf.Positional[str] = "mnist"
    data_dir: Path | None = None


def prepare(options):
    """Prints which sources were tried, and where the image set is."""
    import_tensorflow_quietly()
    from igc_tf.data import prepare_dataset

    preparation = prepare_dataset(options.dataset, data_dir=options.data_dir)
    for attempt in preparation.attempts:
        print(f"tried: {attempt}")
    print(f"{options.dataset} is ready in {preparation.path} ({preparation.source})")
