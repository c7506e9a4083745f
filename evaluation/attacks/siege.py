"""One attack after the other on one victim: who survives them."""

import time
from typing import NamedTuple

import numpy as np

from evaluation.attacks.attacks import TIERS
from igc_tf.metrics import proportion
from igc_tf.plots import plot_class_samples

_SHOWN = 10


class Left(NamedTuple):
    """Which images survive, bool (N,) each.

    Attributes:
        all: every attack.
        before_whole: the cheap and the dear ones.
    """

    all: np.ndarray
    before_whole: np.ndarray


class Siege:
    """All attacks of one victim within one threat.

    Args:
        run: the `Experiment`, whose rows are found already.
        options: the `AttacksOptions`.
        victim, threat, bounds: who is attacked, and within what.
        data: the `LabelledData` that are attacked.
        right: those that the victim reads rightly while nobody attacks, bool (N,).
        left: `Left` by what lies within smaller threats of the same norm.

    Attributes:
        left: `Left` by the attacks that were laid, too.
    """

    def __init__(self, run, options, victim, threat, data, bounds, right, left):
        self._run = run
        self._victim, self._threat, self._bounds = victim, threat, bounds
        self._data, self._right, self._seed = data, right, options.seed
        first = options.images, options.dear_images, options.whole_images
        self._first = dict(zip(TIERS, first, strict=True))
        self.left = Left(*(of.copy() for of in left))

    def lay(self, attack):
        """Tries an attack on what it may be tried on, if that was not done before."""
        key = {"victim": self._victim.name, "threat": str(self._threat), "attack": attack.name}
        row = self._run.row(**key)
        if row is None:
            images, labels = self._data.images, self._data.labels
            # the cheap ones are tried on all, to know what each does by itself
            left = {
                "cheap": self._right,
                "dear": self.left.before_whole,
                "whole": self.left.all,
            }
            tried = np.flatnonzero(left[attack.tier][: self._first[attack.tier]])
            begin, broken = time.perf_counter(), tried[:0]
            if len(tried):
                changed = attack.run(images[tried], labels[tried], self._threat, self._seed)
                self._threat.check(changed, images[tried], self._bounds)
                is_wrong = self._victim.predict(changed) != labels[tried]
                broken = tried[is_wrong]
                self._draw(attack, images[broken], changed[is_wrong], labels[broken])
            row = {
                **key,
                "tier": attack.tier,
                "tried": len(tried),
                "broken": broken.tolist(),
                "seconds": time.perf_counter() - begin,
            }
            self._run.add(row)
        self.left.all[row["broken"]] = False
        if attack.tier != "whole":
            self.left.before_whole[row["broken"]] = False

    def _draw(self, attack, images, changed, labels):
        """What some of the images were, and what they became."""
        if not len(images):
            return
        said = self._victim.predict(changed[:_SHOWN])
        names = self._data.class_names
        samples = {
            "given": images[:_SHOWN],
            "read as " + " ".join(names[answer] for answer in said): changed[:_SHOWN],
        }
        title = f"{self._victim.name}, {self._threat}: {attack.name}"
        name = "".join(letter if letter.isalnum() else "-" for letter in title)
        figure = plot_class_samples(samples, self._bounds, title, _SHOWN, name_width=30)
        self._run.write_figure(f"{name}.png", figure)

    def summary(self):
        """A row of the result's `summary`, see `evaluation.attacks.__main__.attack`."""
        rows = [
            row
            for row in self._run.rows
            if (row["victim"], row["threat"]) == (self._victim.name, str(self._threat))
        ]
        strongest = max(rows, key=lambda row: len(row["broken"]) / max(1, row["tried"]))
        dear, whole = self._first["dear"], self._first["whole"]
        left, before = self.left
        return {
            "victim": self._victim.name,
            "threat": str(self._threat),
            "clean": _share(self._right),
            "worst": _share(left),
            "worst_of_dear": _share(before[:dear]),
            "before_whole": _share(before[:whole]),
            "worst_of_whole": _share(left[:whole]),
            "strongest": strongest["attack"],
        }


def _share(kept):
    """How many of some survive, None of none."""
    return proportion(int(kept.sum()), len(kept)) if len(kept) else None
