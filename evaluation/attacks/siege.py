"""One attack after the other on one victim: who survives them."""

import time

import numpy as np

from evaluation.attacks.attacks import TIERS
from igc_tf.metrics import proportion
from igc_tf.plots import plot_class_samples

_SHOWN = 10


class Siege:
    """All attacks of one victim within one threat.

    Args:
        run: the `Experiment`, whose rows are found already.
        options: the `AttacksOptions`.
        victim, threat, bounds: who is attacked, and within what.
        data: the `LabelledData` that are attacked.
        right: those that the victim reads rightly while nobody attacks, bool (N,).
        left: for each tier those that its attacks, and those of the tiers before it, have left
            within smaller threats of the same norm, bool (N,) each.

    Attributes:
        left: the same after the attacks that were laid, too.
    """

    def __init__(self, run, options, victim, threat, data, bounds, right, left):
        self._run = run
        self._victim, self._threat, self._bounds = victim, threat, bounds
        self._data, self._right, self._seed = data, right, options.seed
        first = options.images, options.dear_images, options.whole_images
        self._first = dict(zip(TIERS, first, strict=True))
        self.left = {tier: kept.copy() for tier, kept in left.items()}

    def row(self, attack):
        """Returns the row of an attack, or None if it was not laid yet."""
        return self._run.row(**self._key(attack))

    def _key(self, attack):
        return {"victim": self._victim.name, "threat": str(self._threat), "attack": attack.name}

    def lay(self, attack):
        """Tries an attack on what it may be tried on, if that was not done before."""
        row = self.row(attack)
        if row is None:
            images, labels = self._data.images, self._data.labels
            # the cheap ones are tried on all, to know what each does by itself
            left = self._right if attack.tier == "cheap" else self.left[attack.tier]
            tried = np.flatnonzero(left[: self._first[attack.tier]])
            begin, broken = time.perf_counter(), tried[:0]
            if len(tried):
                changed = attack.run(images[tried], labels[tried], self._threat, self._seed)
                self._threat.check(changed, images[tried], self._bounds)
                is_wrong = self._victim.predict(changed) != labels[tried]
                broken = tried[is_wrong]
                self._draw(attack, images[broken], changed[is_wrong], labels[broken])
            row = {
                **self._key(attack),
                "tier": attack.tier,
                "tried": len(tried),
                "broken": broken.tolist(),
                "seconds": time.perf_counter() - begin,
            }
            self._run.add(row)
        for tier in TIERS[TIERS.index(attack.tier) :]:
            self.left[tier][row["broken"]] = False

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
        wanted = self._victim.name, str(self._threat), "cheap"
        cheap = [
            row for row in self._run.rows if (row["victim"], row["threat"], row["tier"]) == wanted
        ]
        strongest = max(cheap, key=lambda row: len(row["broken"]))
        return {
            "victim": self._victim.name,
            "threat": str(self._threat),
            "clean": _share(self._right),
            "cheap": _share(self.left["cheap"]),
            "dear": _share(self.left["dear"][: self._first["dear"]]),
            "before_whole": _share(self.left["dear"][: self._first["whole"]]),
            "whole": _share(self.left["whole"][: self._first["whole"]]),
            "strongest": strongest["attack"] if strongest["broken"] else None,
            "wrong": np.flatnonzero(~self._right).tolist(),
        }


def _share(kept):
    """How many of some survive, None of none."""
    return proportion(int(kept.sum()), len(kept)) if len(kept) else None
