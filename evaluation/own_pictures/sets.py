"""The sets that are made here, written as people have them: folders, a table, arrays."""

import csv
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np
from PIL import Image

from evaluation.own_pictures import glyphs, shapes


class OwnSet(NamedTuple):
    """A set of pictures that one has, and of new ones.

    Attributes:
        count: of the pictures that one has.
        new: of the new ones.
        write: `(folder, count, is_new, seed)`, writes pictures, as a folder for each class or as
            one table or arrays.
        most: pictures that the set has, both together; None where as many as asked for are drawn.
    """

    count: int
    new: int
    write: Callable
    most: int | None = None


def _write_shapes(folder, count, is_new, seed):
    """A folder for each class, PNG files of 64 × 64 pixels."""
    pictures, labels = shapes.shapes(count, seed=2 * seed + is_new)
    for number, (picture, label) in enumerate(zip(pictures, labels, strict=True)):
        _save(folder / shapes.NAMES[label] / f"{number:04d}.png", picture)


def _write_letters(folder, count, is_new, seed):
    """A table of files and labels; pages of any size, new ones in other families."""
    families = glyphs.LETTER_FAMILIES[is_new]
    pictures, labels = glyphs.letters(count, families, 2 * seed + is_new)
    rows = []
    for number, (picture, label) in enumerate(zip(pictures, labels, strict=True)):
        name = f"page-{number:04d}.png"
        _save(folder / name, picture)
        rows.append((name, glyphs.LETTERS[label]))
    with (folder / "letters.csv").open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([("file", "label"), *rows])


def _write_signs(folder, count, is_new, seed):
    """Arrays with the names of the classes; new ones in another family."""
    pictures, labels = glyphs.signs(count, glyphs.SIGN_FAMILIES[is_new], 2 * seed + is_new)
    arrays = {"images": pictures, "labels": labels, "class_names": glyphs.SIGNS}
    np.savez_compressed(folder / "signs.npz", **arrays)


def _write_digits8(folder, count, is_new, seed):
    """scikit-learn's 1,797 digits of 8 × 8 pixels in their own order: the new ones are the last."""
    from sklearn.datasets import load_digits

    del seed
    digits = load_digits()
    part = slice(-count, None) if is_new else slice(count)
    # sixteen shades
    pictures = digits.images[part] / 16
    np.savez_compressed(folder / "digits8.npz", images=pictures, labels=digits.target[part])


SETS = {
    "shapes": OwnSet(600, 600, _write_shapes),
    "letters": OwnSet(800, 600, _write_letters),
    "digits8": OwnSet(1437, 360, _write_digits8, most=1797),
    "signs": OwnSet(4000, 1000, _write_signs),
}


def _save(path: Path, pixels):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(pixels).save(path)
