"""`python -m evaluation.pose`: digits turned, scaled, sheared and shifted in a larger frame.

As affNIST (Tieleman 2013), made anew: 40×40 pixels. The readers' frame is smaller: what they are
handed is cut out of the larger one.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

import numpy as np
from scipy import ndimage

from evaluation.options import DatasetOptions
from evaluation.readers import Readers, ReadersOptions, Sample, read_kinds, table
from igc_tf.cli.program import parse_options, run_program
from igc_tf.data import corruption_page as page
from igc_tf.errors import InputError
from igc_tf.ranges import Range

# test accuracy on affNIST of networks that were trained on shifted digits alone
PUBLISHED = {"CapsNet": [0.79, 0.855], "Aff-CapsNet": [0.932, 0.932]}


@dataclass(frozen=True)
class PoseOptions(ReadersOptions, DatasetOptions):
    """Read digits in other poses, cut out of a larger frame.

    Attributes:
        split: of the digits: "test", for reporting only; or "validation/choices".
        frame: side of the larger frame, pixels.
        rotation: largest angle to either side, degrees.
        scaling: the sizes lie from 1 - scaling to 1 + scaling.
        shear: largest shift of a row per row.
        shift: largest distance along each axis, pixels.
        dataset: an image set of TensorFlow Datasets, of grey images.
        output: directory for result.json and pictures.
    """

    split: Literal["test", "validation/choices"] = "test"
    frame: Annotated[int, Range(1)] = 40
    rotation: Annotated[float, Range(0, 180)] = 20.0
    scaling: Annotated[float, Range(0, 1, below=True)] = 0.2
    shear: Annotated[float, Range(0)] = 0.1
    shift: Annotated[float, Range(0)] = 4.0
    output: Path = Path("runs/pose")


def read_poses(options, data=None, verbose=1):
    """Reads the digits, cut out in two ways.

    "middle": the middle of the frame; "centre of mass": around the centre of what is in it.

    Args:
        options: a `PoseOptions`.
        data: `LabelledData` to draw from; None for the digits of the options' split.
        verbose: 0 for silence.

    Returns:
        The result, as `read_kinds` describes it, and `published`: for each network the least and
        the greatest accuracy published for affNIST.

    Raises:
        InputError: for a name that is not known, images that are not grey, or a frame smaller than
            they are.
        DataUnavailableError: if the images are not available.
    """
    readers = Readers(options)
    data = options.images_of(options.split, readers.generator, options.images, data)
    shape = data.images.shape[1:]
    if shape[2] != 1 or max(shape[:2]) > options.frame:
        raise InputError(
            f"frame={options.frame!r} for images of {shape}: expected grey images, and a frame as "
            "large as they are"
        )
    posed = posed_in_frame(data, options)

    def made(kind):
        return Sample(cut_out(posed, shape[:2], _CENTRES[kind](posed), data.bounds), data.labels)

    facts = {
        "data": data.facts(),
        "published": PUBLISHED,
    }
    return read_kinds(
        "python -m evaluation.pose", options, readers, tuple(_CENTRES), made, facts, verbose=verbose
    )


def posed_in_frame(data, options):
    """Grey images (N, H, W, 1) in the larger frame, each in a random pose: (N, frame, frame)."""
    low, high = data.bounds
    unit = (data.images[..., 0].astype(float) - low) / (high - low)
    room = [options.frame - side for side in unit.shape[1:]]
    wide = np.pad(unit, [(0, 0), *[(free // 2, free - free // 2) for free in room]])
    rng = np.random.default_rng(options.seed)
    rotation = np.deg2rad(options.rotation)
    return np.clip(
        page.pose(wide, rng, rotation, options.scaling, options.shear, options.shift), 0, 1
    )


def cut_out(posed, size, centres, bounds):
    """The part of each image that a window shows: float32 (N, *size, 1) in `bounds`.

    Args:
        posed: (N, side, side) in [0, 1].
        size: (height, width) of the window, which is moved where it would leave the frame.
        centres: (N, 2), its middle, pixels; rounded to whole ones.
        bounds: (low, high).
    """
    side = posed.shape[1]
    corners = np.round(centres - (np.array(size) - 1) / 2).astype(int)
    corners = np.clip(corners, 0, side - np.array(size))
    parts = [
        image[top : top + size[0], left : left + size[1]]
        for image, (top, left) in zip(posed, corners, strict=True)
    ]
    low, high = np.float32(bounds)
    return low + (high - low) * np.stack(parts)[..., None].astype(np.float32)


def _middle(posed):
    return np.full([len(posed), 2], (posed.shape[1] - 1) / 2)


def _centre_of_mass(posed):
    return np.array([ndimage.center_of_mass(image) for image in posed])


_CENTRES = {"middle": _middle, "centre of mass": _centre_of_mass}


def main():
    """Runs the experiment with the options of the command line."""
    print(table(read_poses(parse_options(PoseOptions))["readers"]))


if __name__ == "__main__":
    run_program(main)
