"""Pictures of one's own as images to train on: looked through, framed, and parted by content."""

import hashlib
import json
import os
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from igc_tf.data.folder import (
    FoundPictures,
    find_pictures,
    found_pictures,
    labelled_pictures,
    some_of,
)
from igc_tf.data.ink import arrange_ink, is_drawing
from igc_tf.data.labelled import IMAGE_BOUNDS, LabelledData, scale_bytes
from igc_tf.data.layout import ConditionLayout
from igc_tf.data.load import VALIDATION_COUNT, load_images
from igc_tf.data.picture import PictureFrame, to_grey
from igc_tf.data.sources import prepare_dataset
from igc_tf.data.splits import (
    PARTS,
    Seen,
    drawn_parts,
    given_parts,
    how_parted,
    part_by_content,
    without_copies,
)
from igc_tf.data.tfds import find_builder, image_and_label, read_split
from igc_tf.errors import DataError, ImageFileError, InputError, UnknownDatasetError
from igc_tf.runs import progress_bar

# the splits of a set by name that the parts of one's own are taken from
_SPLITS = {"train": "train", "validation": "validation/choices", "test": "test"}
# the networks halve a frame's sides twice; smaller ones hold too little, larger ones take long
SIDE_STEP, LEAST_SIDE, MOST_SIDE = 4, 16, 64
_OWN_SIDE = 32
# the frame of drawings, MNIST's
_DRAWING_SIDE = 28
# sides as long as this part of each other make a square
_SQUARE = 0.8
# a picture is in colour if its channels differ so much on average, and a set if so many are
_COLOUR, _COLOUR_SHARE = 0.05, 0.05
# so many pictures tell whether a set is one of drawings, if this part of them are
_LOOKED_AT, _MOST = 200, 0.9
# the largest class is so many times the smallest: worth a remark
_UNEVEN = 5


@dataclass(frozen=True)
class OwnImages:
    """A set of one's own, ready to train on.

    Attributes:
        name: of the set.
        train, validation, test: `LabelledData`, float32 (N, H, W, 1 or 3) in `IMAGE_BOUNDS`:
            what is trained on, what choices are made on, what is only reported.
        arrange: whether pictures are drawings whose ink is arranged (see `PictureFrame`).
        digest: of the contents of all, their classes and what the set says of their parts, SHA-256
            in hexadecimal.
        reasons: which frame was chosen, and why; how the set was parted; one sentence each.
        remarks: what was left out, and what is odd; one sentence each.
    """

    name: str
    train: LabelledData
    validation: LabelledData
    test: LabelledData
    arrange: bool
    digest: str
    reasons: tuple[str, ...]
    remarks: tuple[str, ...]

    @property
    def shape(self):
        """(H, W, channels) of an image."""
        return self.train.data.shape[1:]


def find_own_pictures(source: str | os.PathLike, data_dir=None) -> FoundPictures:
    """Finds labelled pictures by their path, or a set of TensorFlow Datasets by its name.

    Of a set by name, "train", "validation/choices" and "test" are what `load_images` says; a set
    too small for that is parted as pictures are, but for its own test images.

    Args:
        source: as for `find_pictures`, or the name of a set.
        data_dir: of TensorFlow Datasets; None for its own default.

    Raises:
        DataError: as `find_pictures` and `load_images` do.
    """
    if Path(source).expanduser().exists():
        return find_pictures(source)
    name = str(source)
    try:
        sets = _small_set(name, data_dir)
        if sets is None:
            sets = {part: load_images(name, split, data_dir) for part, split in _SPLITS.items()}
    except UnknownDatasetError as error:
        raise DataError(
            f"{name!r} is no file or folder here, and no set of images: {error}"
        ) from error
    pictures = [one for part, data in sets.items() for one in labelled_pictures(data, part)]
    first = next(iter(sets.values()))
    return found_pictures(name, first.source, pictures, order=first.class_names)


def _small_set(name, data_dir):
    """{part or None: `LabelledData`} of a set that is too small to have validation images."""
    if name == "mnist":
        return None
    source = prepare_dataset(name, data_dir).source
    builder = find_builder(name, data_dir)
    counts = {split: info.num_examples for split, info in builder.info.splits.items()}
    if counts.get("train", 0) > VALIDATION_COUNT:
        return None
    _, label = image_and_label(name, builder.info.features)
    layout, sets = ConditionLayout.classes(builder.info.features[label].names), {}
    for split, part in (("train", None), ("test", "test")):
        if counts.get(split, 0):
            pixels, labels = read_split(name, builder, split)
            facts = layout, IMAGE_BOUNDS, name, split, source
            sets[part] = LabelledData(scale_bytes(pixels), labels, *facts)
    return sets


def load_own_images(
    found: FoundPictures,
    size: tuple[int, int] | int | None = None,
    colour: bool | None = None,
    arrange: bool | None = None,
    held_out: float = 0.25,
    verbose: int = 1,
) -> OwnImages:
    """Reads, checks and parts a set of pictures.

    Every picture is read once before anything else, so that what is wrong with a set is known
    before work starts. Left out, with a remark, are pictures that cannot be read, drawings that are
    blank, and the second of two that are the same, pixel by pixel: if one of them is held out that
    is the one that stays; of pictures that are the same in two classes none does.

    Where the set does not say what is held out, each picture's content decides (a hash of it), so
    that the same set is always parted alike, and adding pictures leaves the others where they are.
    If hashing would give a part less than 2/3 or more than 1.5 × its share of a class, the split of
    that class is adjusted in hash order.

    Args:
        found: of `find_pictures`.
        size: (height, width) of the frame, or both in one; multiples of 4, from 16 to 64. None
            chooses: of drawings that are arranged 28; else the pictures' own, at most 32 for the
            longer side.
        colour: whether the frame has three channels; None if some pictures are in colour.
        arrange: whether pictures are drawings, whose ink is cropped, scaled and centred; None finds
            out: that of grey drawings of different sizes is, and where it is as it should be
            already.
        held_out: the share of each class that is not trained on, half of it for choices, half for
            the report.
        verbose: 0 for silence.

    Raises:
        DataError: if fewer than two classes have pictures, or a class has too few to be parted.
        InputError: for an argument outside its range.
    """
    size = _checked_size(size)
    if not 0 < held_out < 1:
        raise InputError(f"held_out={held_out!r}: expected a number > 0 and < 1")
    seen, remarks = _look(found.pictures, verbose)
    seen, more = without_copies(seen)
    remarks = [*found.remarks, *remarks, *more]
    _check_classes(seen, found.class_names, remarks)
    reasons = []
    colour = _colour(seen, colour, reasons)
    arrange, size = _frame(seen, size, colour, arrange, reasons)
    shape = (*size, 3 if colour else 1)
    with progress_bar(len(seen), "picture", bool(verbose)) as progress:
        progress.set_description("framing")
        framed, blank = _framed(seen, shape, arrange, progress)
    if blank:
        remarks += blank
        seen = [one for one in seen if one.digest in framed]
        _check_classes(seen, found.class_names, remarks)
    parts = part_by_content(seen, held_out)
    reasons.append(how_parted(seen, held_out))
    digest = _digest(seen)
    remarks += _uneven(seen)
    layout = ConditionLayout.classes(found.class_names)
    source = f"{found.kind}: {found.name}, content {digest[:16]}"
    sets = {}
    for part in PARTS:
        of_part = [one for one in seen if parts[one.digest] == part]
        sets[part] = LabelledData(
            data=np.stack([framed[one.digest] for one in of_part]),
            labels=np.array([layout.class_names.index(one.picture.label) for one in of_part]),
            layout=layout,
            bounds=IMAGE_BOUNDS,
            name=found.name,
            split=part,
            source=source,
        )
    return OwnImages(
        name=found.name,
        **sets,
        arrange=arrange,
        digest=digest,
        reasons=tuple(reasons),
        remarks=tuple(remarks),
    )


def _digest(seen):
    facts = sorted((one.digest, one.picture.label, one.picture.split or "") for one in seen)
    return hashlib.sha256(json.dumps(facts).encode()).hexdigest()


def _checked_size(size):
    """(height, width), or None."""
    if size is None:
        return None
    sides = (size, size) if isinstance(size, int) else tuple(size)
    fits = len(sides) == 2 and all(
        isinstance(side, int) and side % SIDE_STEP == 0 and LEAST_SIDE <= side <= MOST_SIDE
        for side in sides
    )
    if not fits:
        raise InputError(
            f"size={size!r}: expected (height, width), multiples of {SIDE_STEP} from {LEAST_SIDE} "
            f"to {MOST_SIDE}"
        )
    return sides


def _look(pictures, verbose):
    """A `Seen` of each picture that can be read, and remarks about the others."""
    seen, unreadable = [], []
    with progress_bar(len(pictures), "picture", bool(verbose)) as progress:
        progress.set_description("looking through")
        for picture in pictures:
            try:
                seen.append(_seen(picture, picture.read()))
            except ImageFileError as error:
                unreadable.append(str(error))
            progress.update()
    if not unreadable:
        return seen, []
    return seen, [f"{len(unreadable)} could not be read and were left out: {some_of(unreadable)}"]


def _seen(picture, pixels):
    if pixels.ndim == 3 and (pixels[..., :1] == pixels).all():
        # grey, stored as colour: the same picture stored as grey is its copy
        pixels = pixels[..., 0]
    content = hashlib.sha256(repr(pixels.shape).encode())
    steps = np.round(255 * pixels).astype(np.uint8)
    values = np.zeros(256)
    values[steps] = pixels
    # bytes, whatever they are stored as, if each of them stands for one value
    content.update((steps if (values[steps] == pixels).all() else pixels).tobytes())
    has_colour = pixels.ndim == 3 and bool(np.ptp(pixels, axis=-1).mean() > _COLOUR)
    return Seen(picture, content.hexdigest(), pixels.shape[:2], has_colour)


def _check_classes(seen, class_names, remarks):
    """Refuses a set that cannot be learnt, or not be parted."""
    told = "".join(f"\n  {remark}" for remark in remarks)
    counts = _counts(seen)
    if len(counts) < 2:
        raise DataError(
            f"{len(counts)} of the classes {some_of(class_names)} have pictures: expected two "
            f"classes or more{told}"
        )
    if given_parts(seen) & {"validation", "test"} == {"validation"}:
        held = _counts([one for one in seen if one.picture.split == "validation"])
        if not any(count > 1 for count in held.values()):
            raise DataError(
                f"too few pictures for validation ({sum(held.values())}): expected two or more of "
                f"a class, half of them to report by, or some for test{told}"
            )
    trained = _counts([one for one in seen if one.picture.split in (None, "train")])
    needed = 1 + len(drawn_parts(seen))
    short = [f"{name} ({trained[name]})" for name in class_names if trained[name] < needed]
    if short:
        raise DataError(
            f"too few pictures of {some_of(short)}: expected {needed} or more of each class to "
            f"train on{', to choose and to report by' if needed > 1 else ''}{told}"
        )


def _counts(seen):
    return Counter(one.picture.label for one in seen)


def _colour(seen, asked, reasons):
    share = np.mean([one.has_colour for one in seen])
    colour = bool(share > _COLOUR_SHARE) if asked is None else asked
    told = "as asked" if asked is not None else f"{100 * share:.0f} % of the pictures have colour"
    reasons.append(f"{'colour' if colour else 'grey'}: {told}")
    return colour


def _frame(seen, size, colour, arrange, reasons):
    """Whether pictures are arranged, and (height, width)."""
    sizes = Counter(one.sides for one in seen)
    middle = np.median([one.sides for one in seen], axis=0)
    shown = f"{middle[0]:.0f}×{middle[1]:.0f}"
    told = (
        f"all are {shown}" if len(sizes) == 1 else f"their sizes differ, the middle one is {shown}"
    )
    why = "as asked"
    if arrange is None:
        arrange, why = _looks_drawn(seen, len(sizes) == 1, size, colour)
    elif arrange and colour:
        raise InputError("arrange=True for pictures in colour: expected grey ones")
    if size is None:
        size = (_DRAWING_SIDE, _DRAWING_SIDE) if arrange else _own_size(middle)
        reason = (
            "MNIST's" if arrange else f"multiples of {SIDE_STEP} from {LEAST_SIDE} to {_OWN_SIDE}"
        )
        told = f"{told}; {reason}"
    else:
        told = "as asked"
    reasons.append(f"frame {size[0]}×{size[1]}: {told}")
    way = "ink cropped, scaled and centred" if arrange else "cut about the middle and scaled"
    reasons.append(f"{way}: {why}")
    return arrange, size


def _own_size(middle):
    """The frame of pictures whose middle size is (height, width)."""
    height, width = middle
    if min(height, width) >= _SQUARE * max(height, width):
        height = width = max(height, width)
    scale = min(1.0, _OWN_SIDE / max(height, width))
    sides = (SIDE_STEP * round(scale * side / SIDE_STEP) for side in (height, width))
    return tuple(max(LEAST_SIDE, side) for side in sides)


def _looks_drawn(seen, is_one_size, size, colour):
    """Whether ink should be arranged, and why."""
    if colour:
        return False, "they have colours"
    # any will do, but always the same
    some = sorted(seen, key=lambda one: one.digest)[:_LOOKED_AT]
    grey = [to_grey(one.picture.read()) for one in some]
    frame = size or (_DRAWING_SIDE, _DRAWING_SIDE)
    if is_one_size and grey[0].shape == frame:
        if np.mean([_is_arranged(picture) for picture in grey]) >= _MOST:
            return True, "they are drawings that lie in their frame as MNIST's do"
        return False, "they have one size, and do not lie in it as MNIST's digits do"
    if is_one_size:
        return False, "they have one size"
    if np.mean([is_drawing(picture) for picture in grey]) >= _MOST:
        return True, "they are drawings, ink on an even page"
    return False, "they are no drawings on an even page"


def _is_arranged(grey):
    """Whether arranging leaves a picture as it is."""
    try:
        return np.array_equal(arrange_ink(grey, grey.shape), grey)
    except ImageFileError:
        return False


def _uneven(seen):
    counts = _counts(seen).most_common()
    (most, largest), (least, smallest) = counts[0], counts[-1]
    if largest < _UNEVEN * smallest:
        return []
    return [f"the classes are uneven: {largest} pictures of {most}, {smallest} of {least}"]


def _framed(seen, shape, arrange, progress):
    """{digest: image} of what can be framed, and a remark about what is blank."""
    frame = PictureFrame(shape, IMAGE_BOUNDS, arrange=arrange)
    framed, blank = {}, []
    for one in seen:
        try:
            framed[one.digest] = frame.fit(one.picture.read())
        except ImageFileError as error:
            blank.append(f"{one.picture.name}: {error}")
        progress.update()
    if not blank:
        return framed, []
    return framed, [f"{len(blank)} could not be arranged and were left out: {some_of(blank)}"]
