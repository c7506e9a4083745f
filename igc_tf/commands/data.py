"""`igc-tf data list|import|prepare`."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import tyro

from igc_tf.data import import_idx, list_datasets, load_images, prepare_dataset
from igc_tf.data.tfds import is_stored_transposed


@dataclass(frozen=True)
class ListData:
    """Lists the image sets that are ready to use.

    Attributes:
        data_dir: of TensorFlow Datasets; its own default if not given.
    """

    data_dir: Path | None = None

    def run(self):
        for row in list_datasets(self.data_dir):
            counts = ", ".join(f"{count:,} {split}" for split, count in row.image_counts.items())
            state = "ready" if row.prepared else "not prepared"
            classes = f"{row.num_classes} classes"
            print(f"{row.name:16} {state:13} {counts or '-':28} {classes}  {row.source}")
            if row.where:
                print(f"{'':16} {row.where}")


@dataclass(frozen=True)
class ImportData:
    """Imports four IDX files (gzipped or not) into TensorFlow Datasets.

    Attributes:
        directory: holds train-images-idx3-ubyte and so on.
        dataset: the name to import them as.
        transposed: the files hold rows and columns exchanged, as EMNIST's do under another name.
        data_dir: of TensorFlow Datasets; its own default if not given.
    """

    directory: tyro.conf.Positional[Path]
    dataset: str = "mnist"
    transposed: bool = False
    data_dir: Path | None = None

    def run(self):
        path = import_idx(self.directory, self.data_dir, self.dataset, self.transposed or None)
        test = load_images(self.dataset, "test", self.data_dir, download=False)
        taken_for = self.transposed or is_stored_transposed(self.dataset)
        print(f"The files were taken for {'transposed' if taken_for else 'upright'}. Test images:")
        print(test.as_text())
        advice = "without" if self.transposed else "with"
        print(f"If they lie on their side, delete {path} and import again {advice} --transposed.")
        print(f"{self.dataset} is ready in {path}")


@dataclass(frozen=True)
class PrepareData:
    """Fetches an image set from the first source that works, and says which.

    Attributes:
        dataset: "mnist", "fashion_mnist", "kmnist", ...
        data_dir: of TensorFlow Datasets; its own default if not given.
    """

    dataset: tyro.conf.Positional[str] = "mnist"
    data_dir: Path | None = None

    def run(self):
        preparation = prepare_dataset(self.dataset, data_dir=self.data_dir)
        for attempt in preparation.attempts:
            print(f"tried: {attempt}")
        print(f"{self.dataset} is ready in {preparation.path} ({preparation.source})")


def data(
    action: Annotated[ListData, tyro.conf.subcommand("list")]
    | Annotated[ImportData, tyro.conf.subcommand("import")]
    | Annotated[PrepareData, tyro.conf.subcommand("prepare")],
) -> int:
    """Lists, imports or fetches image sets."""
    action.run()
    return 0
