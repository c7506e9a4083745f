"""`python -m evaluation.other_writers`: digits that others wrote, 8×8 pixels, from scikit-learn.

The 1,797 test digits of "Optical Recognition of Handwritten Digits" (UCI), which scikit-learn
bundles: 13 people's, none of them MNIST's. Nothing is chosen by them.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import numpy as np
from PIL import Image

from evaluation.readers import Readers, ReadersOptions, Sample, read_kinds, table
from igc_tf.cli.program import parse_options, run_program
from igc_tf.data.ink import arrange_ink
from igc_tf.errors import InputError
from igc_tf.ranges import Range

# MNIST fits digits into a box of 20 of 28 pixels
_BOX = 20 / 28
_GREATEST = 16.0
SOURCE = 'scikit-learn\'s "Optical Recognition of Handwritten Digits" (UCI), 8×8 pixels'


@dataclass(frozen=True)
class OtherWritersOptions(ReadersOptions):
    """Read digits of other writers, enlarged to the generator's frame.

    Attributes:
        output: directory for result.json and pictures.
    """

    images: Annotated[int, Range(1)] = 1797
    output: Path = Path("runs/other-writers")


def read_other_writers(options, verbose=1):
    """Reads the digits, enlarged in two ways.

    "boxed": bilinearly to 5/7 of the frame, in its middle; "arranged": by `arrange_ink`, as
    `igc-tf classify` does with pictures.

    Args:
        options: an `OtherWritersOptions`.
        verbose: 0 for silence.

    Returns:
        The result, as `read_kinds` describes it.

    Raises:
        InputError: for a name that is not known, or a generator that knows no ten classes.
    """
    readers = Readers(options)
    generator = readers.generator
    if generator.layout.sizes != (10,) or generator.data_shape[2:] != (1,):
        raise InputError(
            f"the generator {generator.name!r} makes {generator.data_shape} of labels "
            f"{generator.layout.sizes}: expected grey digits of ten classes"
        )
    digits, labels = small_digits()
    chosen = np.random.default_rng(options.seed).permutation(len(digits))[: options.images]
    frame = generator.data_shape[:2]
    low, high = generator.bounds

    def made(kind):
        drawn = np.stack([_WAYS[kind](digit, frame) for digit in digits[chosen]])
        images = np.float32(low) + np.float32(high - low) * drawn[..., None].astype(np.float32)
        return Sample(np.clip(images, low, high), labels[chosen])

    return read_kinds(
        "python -m evaluation.other_writers",
        options,
        readers,
        tuple(_WAYS),
        made,
        {"data": {"source": SOURCE, "split": "test", "count": len(chosen)}},
        verbose=verbose,
    )


def small_digits():
    """The digits float64 (1797, 8, 8) in [0, 1], ink 1, and their labels (1797,)."""
    from sklearn.datasets import load_digits

    bundle = load_digits()
    return bundle.images / _GREATEST, bundle.target.astype(np.int64)


def boxed(digit, frame):
    """A picture enlarged bilinearly to the middle of a frame, float64."""
    size = [round(_BOX * side) for side in frame]
    large = Image.fromarray(digit.astype(np.float32)).resize(size[::-1], Image.Resampling.BILINEAR)
    drawn = np.zeros(frame)
    top, left = ((side - length) // 2 for side, length in zip(frame, size, strict=True))
    drawn[top : top + size[0], left : left + size[1]] = large
    return drawn


_WAYS = {"boxed": boxed, "arranged": arrange_ink}


def main():
    """Runs the experiment with the options of the command line."""
    print(table(read_other_writers(parse_options(OtherWritersOptions))["readers"]))


if __name__ == "__main__":
    run_program(main)
