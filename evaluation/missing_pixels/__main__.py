"""`python -m evaluation.missing_pixels`: digits of which pixels are missing, and which is known.

The library compares only what is visible; its encoder and the plain networks see gaps that are
filled from around them. Beside them a network that was trained with such masks (Sharir et al. 2016,
"Tensorial Mixture Models", arXiv 1610.04167).
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

import numpy as np
import tensorflow as tf

from evaluation.options import DatasetOptions
from evaluation.readers import Readers, ReadersOptions, Sample, read_kinds, table
from igc_tf.cli.program import parse_options, run_program
from igc_tf.ranges import Range
from igc_tf.search.observations import fill_missing

# probability that a pixel is missing -> accuracies of that network, trained with such masks and
# with rectangles instead
PUBLISHED = {
    0.25: (0.987, 0.982),
    0.5: (0.984, 0.957),
    0.75: (0.970, 0.832),
    0.9: (0.876, 0.547),
    0.95: (0.706, 0.358),
    0.99: (0.296, 0.175),
}


@dataclass(frozen=True)
class MissingPixelsOptions(ReadersOptions, DatasetOptions):
    """Read digits of which pixels are missing.

    Attributes:
        split: of the digits: "test", for reporting only; or "validation/choices".
        probabilities: that a pixel is missing, each pixel by itself.
        squares: how many squares are missing, each kind by itself.
        side: of these squares, as a share of the image's side.
        output: directory for result.json and pictures.
    """

    split: Literal["test", "validation/choices"] = "test"
    probabilities: Annotated[tuple[float, ...], Range(0, 1, below=True)] = tuple(PUBLISHED)
    squares: Annotated[tuple[int, ...], Range(1)] = (1, 2, 3)
    side: Annotated[float, Range(0, 1, above=True)] = 12 / 28
    output: Path = Path("runs/missing-pixels")


def read_missing_pixels(options, data=None, verbose=1):
    """Reads digits under masks of several kinds.

    Args:
        options: a `MissingPixelsOptions`.
        data: `LabelledData` to draw from; None for the digits of the options' split.
        verbose: 0 for silence.

    Returns:
        The result, as `read_kinds` describes it, and `published`: for each probability the
        accuracies of the network that was trained with such masks, and with rectangles instead.

    Raises:
        InputError: for a name that is not known.
        DataUnavailableError: if the images are not available.
    """
    readers = Readers(options)
    generator = readers.generator
    data = options.images_of(options.split, generator, options.images, data)
    shape = data.images.shape[:3]
    kinds = {f"each pixel, {p:g}": (random_pixels, p) for p in options.probabilities}
    for count in options.squares:
        plural = "s" if count > 1 else ""
        kinds[f"{count} square{plural}"] = (random_squares, count, options.side)

    def made(kind):
        mask, *how_much = kinds[kind]
        visible = mask(np.random.default_rng(options.seed), shape, *how_much)[..., None]
        visible = visible.astype(np.float32)
        filled = fill_missing(tf.constant(data.images), visible, generator.background).numpy()
        return Sample(filled, data.labels, visible)

    facts = {
        "data": data.facts(),
        "published": {f"each pixel, {p:g}": list(PUBLISHED[p]) for p in PUBLISHED},
    }
    return read_kinds(
        "python -m evaluation.missing_pixels",
        options,
        readers,
        tuple(kinds),
        made,
        facts,
        verbose=verbose,
    )


def random_pixels(rng, shape, probability):
    """Which pixels are visible, bool (N, H, W): each is missing with a probability.

    Where all of an image would be missing, one of its pixels is visible: nothing can be read off
    nothing.

    Args:
        rng: a NumPy random generator.
        shape: (N, H, W).
        probability: in [0, 1).
    """
    visible = rng.random(shape) >= probability
    pixels = visible.reshape(len(visible), -1)
    hidden = np.flatnonzero(~pixels.any(axis=1))
    pixels[hidden, rng.integers(pixels.shape[1], size=len(hidden))] = True
    return visible


def random_squares(rng, shape, count, side):
    """Which pixels are visible, bool (N, H, W): so many squares inside the image are missing.

    Args:
        rng: a NumPy random generator.
        shape: (N, H, W).
        count: of squares, which may overlap.
        side: of each, as a share of the image's shorter side.
    """
    length = max(1, round(side * min(shape[1:])))
    visible = np.ones(shape, bool)
    for _ in range(count):
        inside = [
            (np.arange(size) - first[:, None]) // length == 0
            for size in shape[1:]
            for first in [rng.integers(0, size - length + 1, shape[0])]
        ]
        visible &= ~(inside[0][:, :, None] & inside[1][:, None])
    return visible


def main():
    """Runs the experiment with the options of the command line."""
    print(table(read_missing_pixels(parse_options(MissingPixelsOptions))["readers"]))


if __name__ == "__main__":
    run_program(main)
