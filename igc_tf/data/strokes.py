"""Pen strokes generated in code, for tests and for where the letters are not at hand."""

import numpy as np

from igc_tf.data.trajectories import label_trajectories
from igc_tf.errors import InputError
from igc_tf.ranges import checked_whole

# Direction of the pen over the time of a stroke, as angles in quarter turns at equal times; the
# stroke bends smoothly from one to the next
STROKES = {
    "arc": (2, 3, 4, 5),
    "bowl": (3, 4, 5, 6),
    "zig": (0, 2.6, 0, 2.6),
    "hook": (3, 3, 3, 4.5),
    "wave": (0.7, -0.7, 0.7, -0.7),
    "spiral": (0, 2, 4, 7),
}


def synthetic_strokes(per_class=20, classes=4, steps=24, seed=0):
    """Generates labelled pen strokes, `per_class` of each class.

    A class is a way of turning; its strokes differ in slant, size, pressure and length (three
    quarters of `steps` to all of them) and carry a little noise.

    Args:
        per_class: strokes of each class, at least 1.
        classes: 1 to 6.
        steps: of the longest stroke, at least 8.
        seed: same seed, same strokes.

    Returns:
        `LabelledData` (N, `steps`, 3) as by `label_trajectories`, sorted by class.

    Raises:
        InputError: for an argument outside its range.
    """
    checked_whole("per_class", per_class)
    if not 1 <= classes <= len(STROKES):
        raise InputError(f"classes={classes!r}: expected 1 to {len(STROKES)}")
    checked_whole("steps", steps, least=8)
    generator = np.random.default_rng(seed)
    names = tuple(STROKES)[:classes]
    labels = np.repeat(np.arange(classes), per_class)
    strokes = []
    for label in labels:
        length = int(generator.integers(-(-3 * steps // 4), steps + 1))
        strokes.append(_stroke(STROKES[names[label]], length, generator))
    source = "synthetic pen strokes, generated in code"
    return label_trajectories(strokes, labels, names, "synthetic_strokes", source, steps)


def _stroke(turns, length, generator):
    """One stroke (length, 3)."""
    time = np.linspace(0, 1, length)
    angle = np.interp(time, np.linspace(0, 1, len(turns)), turns) * np.pi / 2
    angle += 0.15 * generator.normal()
    speed = generator.uniform(0.8, 1.2) * np.sqrt(2) * np.sin(np.pi * time) ** 0.5
    # Pressed in the middle, hence its change first up, then down
    force = generator.uniform(0.8, 1.2) * np.cos(np.pi * time)
    stroke = np.stack([speed * np.cos(angle), speed * np.sin(angle), force], axis=1)
    return stroke + 0.05 * generator.normal(size=stroke.shape)
