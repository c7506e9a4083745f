"""Which pictures of a set are trained on, and which are held out: their content decides."""

from collections import defaultdict
from dataclasses import dataclass

import numpy as np

from igc_tf.data.folder import OwnPicture, some_of

PARTS = ("train", "validation", "test")
# a part may hold this many times more or fewer pictures of a class than its share
_OFF = 1.5


@dataclass(frozen=True)
class Seen:
    """What a first look at a picture found.

    Attributes:
        picture: the `OwnPicture`.
        digest: of its content, whatever the file's format, SHA-256.
        sides: (height, width).
        has_colour: whether its channels differ.
    """

    picture: OwnPicture
    digest: str
    sides: tuple[int, int]
    has_colour: bool


def without_copies(seen):
    """Leaves one of each content: that which is held out; none where the classes differ.

    Args:
        seen: `Seen`s.

    Returns:
        `(seen, remarks)`: those that stay, and a sentence each about what was left out.
    """
    groups = defaultdict(list)
    for one in seen:
        groups[one.digest].append(one)
    kept, copies, across, torn = [], [], [], []
    for group in groups.values():
        names = " = ".join(one.picture.name for one in group)
        if len({one.picture.label for one in group}) > 1:
            torn.append(names)
            continue
        # what is reported on counts most; of equals the first stays
        group = sorted(group, key=lambda one: -PARTS.index(one.picture.split or "train"))
        kept.append(group[0])
        if len(group) > 1:
            splits = {one.picture.split for one in group}
            (copies if len(splits) == 1 else across).append(names)
    remarks = []
    if copies:
        remarks.append(
            f"{len(copies)} are there more than once, one of each kept: {some_of(copies)}"
        )
    if across:
        remarks.append(
            f"{len(across)} are in two parts of the set, kept where they are held out: "
            f"{some_of(across)}"
        )
    if torn:
        remarks.append(
            f"{len(torn)} are in two classes, the very same picture, and were left out: "
            f"{some_of(torn)}"
        )
    return kept, remarks


def part_by_content(seen, held_out):
    """Parts a set, class by class.

    Args:
        seen: `Seen`s, each content once.
        held_out: the share of each class that is not trained on, where the set does not say.

    Returns:
        `{digest: one of PARTS}`.
    """
    given, parts = given_parts(seen), {}
    by_class = defaultdict(list)
    for one in seen:
        by_class[one.picture.label].append(one)
    for of_class in by_class.values():
        pool = [one for one in of_class if one.picture.split in (None, "train")]
        if "validation" in given and "test" not in given:
            # what is held out already is divided
            held = [one for one in of_class if one.picture.split == "validation"]
            parts |= _divided(held, {"test": 0.5}, "validation")
        else:
            parts |= {o.digest: o.picture.split for o in of_class if o.picture.split != "train"}
        shares = dict.fromkeys(drawn_parts(seen), held_out / 2)
        parts |= _divided(pool, shares, "train")
    return parts


def _divided(some, shares, rest):
    """Parts of the pictures of one class, by their hashes: {digest: part}."""
    some = sorted(some, key=lambda one: one.digest)
    places = np.array([int(one.digest[:13], 16) / 16**13 for one in some])
    parts, first, begin = {one.digest: rest for one in some}, 0, 0.0
    for number, (part, share) in enumerate(shares.items(), start=1):
        due = share * len(some)
        count = int(((places >= begin) & (places < begin + share)).sum())
        least, most = np.ceil(due / _OFF), np.floor(_OFF * due)
        count = int(np.clip(count, max(1, least), max(1, most)))
        # each part that follows, and what is trained on, needs one
        count = max(0, min(count, len(some) - first - (len(shares) - number) - 1))
        for one in some[first : first + count]:
            parts[one.digest] = part
        first, begin = first + count, begin + share
    return parts


def how_parted(seen, held_out):
    """Says in a sentence how `part_by_content` parts a set."""
    given = given_parts(seen)
    if not given:
        share = f"{100 * held_out:g} % of each class"
        return f"held out: {share}, by content; half for choices, half for the report"
    if {"validation", "test"} <= given:
        return "held out: what the set says"
    if "validation" in given:
        return "held out: what the set says is for validation, by content half of it for the report"
    share = f"{50 * held_out:g} % of each class"
    return f"held out: for choices {share}, by content; for the report the set's own test pictures"


def drawn_parts(seen):
    """The parts that are drawn from what is to be trained on, because the set has none."""
    given = given_parts(seen)
    wanted = () if "validation" in given else ("validation", "test")
    return [part for part in wanted if part not in given]


def given_parts(seen):
    """The parts that the set itself names."""
    return {one.picture.split for one in seen} - {None}
