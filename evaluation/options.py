"""What most programs' options say of where their images come from."""

from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Annotated

from igc_tf.data import load_images
from igc_tf.data.digit_labels import draw_labelled
from igc_tf.ranges import SEED, check_ranges


@dataclass(frozen=True, kw_only=True)
class DataOptions:
    """Where images are kept, and how they are drawn.

    Attributes:
        data_dir: of TensorFlow Datasets; its own default if not given.
        seed: of the choice of images and the noise.
    """

    data_dir: Path | None = None
    seed: Annotated[int, SEED] = 0

    def __post_init__(self):
        check_ranges(self)


@dataclass(frozen=True, kw_only=True)
class DatasetOptions(DataOptions):
    """Which images these are.

    Attributes:
        dataset: an image set of TensorFlow Datasets.
    """

    dataset: str = "mnist"

    def images_of(self, split, generator, count, data=None, label=lambda data: data):
        """Returns images drawn at random; fewer where there are not so many.

        Args:
            split: of the data set, as `load_images` knows it.
            generator: the `Generator` in whose bounds they are.
            count: how many.
            data: `LabelledData` to draw from; None for those of the split.
            label: as for `draw_labelled`; the labels stay as they are without it.

        Raises:
            DataUnavailableError: if the images are not available.
        """
        if data is None:
            data = load_images(self.dataset, split, self.data_dir, bounds=generator.bounds)
        return draw_labelled(data, min(count, len(data)), self.seed, label)


def quickened(options, values):
    """Returns options, with other values where they have `quick` and their default still.

    Args:
        options: a dataclass with a field `quick`.
        values: {field: value}, what `quick` stands for.
    """
    defaults = {field.name: field.default for field in fields(options)}
    left = {name for name in values if getattr(options, name) == defaults[name]}
    return replace(options, **{name: values[name] for name in left}) if options.quick else options
