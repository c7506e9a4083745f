"""`python -m evaluation.attacks`: how many images survive the strongest of many attacks.

After "Evaluating the Adversarial Robustness of Adaptive Test-time Defenses" (Croce et al. 2022): an
image survives only if every attack failed, those among them that know the search and go through it.
"""

import time
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

import numpy as np

from evaluation.attacks.attacks import TIERS, attacks_of
from evaluation.attacks.libraries import check_libraries, library_attacks
from evaluation.attacks.threats import Threat
from evaluation.attacks.victims import LibraryVictim, NeighbourVictim, NetworkVictim
from evaluation.readers import network_names
from igc_tf.classifiers import load_classifier
from igc_tf.cli.program import parse_options, run_program
from igc_tf.data import load_images
from igc_tf.errors import InputError
from igc_tf.generators.keras_files import weights_digest
from igc_tf.generators.store import load_generator
from igc_tf.metrics import wilson_interval
from igc_tf.plots import plot_class_samples, plot_curves
from igc_tf.ranges import Range, check_ranges
from igc_tf.runs import Experiment
from igc_tf.training.lenet import load_network

_SHOWN = 10


@dataclass(frozen=True)
class AttacksOptions:
    """Attack the classifier and its rivals, and count what survives everything.

    Attributes:
        generator: a name that ships, or where a generator is kept.
        settings: of the search, names that the generator's card has settings for, or "paper".
        networks: plain networks: names that ship, or directories of trainings. The images that
            deceive them are tried on all others too.
        neighbours: whether the classifier by the nearest training image is attacked, too.
        threats: NORM:SIZE each, in the units of the data.
        images: test images, drawn at random.
        dear_images: how many of these the dear attacks may use, those through every step of the
            search and those of other libraries; they attack what the cheap ones have left.
        whole_images: how many the whole protocol may use, with more starts, and with ten times the
            steps or questions; it attacks what all others have left.
        steps: of each start of APGD.
        restarts: starts of APGD in the whole protocol; else one.
        tries: of each kind of random change.
        libraries: whose attacks are tried besides our own: art, foolbox, or both.
        queries: how often attacks without a gradient ask about each image, about.
        temperature: of the classifier's logits, in units of its scores.
        dataset: an image set of TensorFlow Datasets.
        data_dir: of TensorFlow Datasets; its own default if not given.
        seed: of the choice of images and of all that is random in attacks.
        output: directory for result.json and the pictures.
    """

    generator: str = "mnist-cagan-compact"
    settings: tuple[str, ...] = ("fast",)
    networks: tuple[str, ...] = (
        "mnist-lenet",
        "mnist-lenet-fair",
        "mnist-lenet-informed",
        "mnist-lenet-adversarial",
        "mnist-lenet-adversarial-fair",
    )
    neighbours: bool = True
    threats: tuple[str, ...] = ("l2:1.5", "linf:0.1", "linf:0.3", "l0:12")
    images: Annotated[int, Range(1)] = 1000
    dear_images: Annotated[int, Range(0)] = 200
    whole_images: Annotated[int, Range(0)] = 50
    steps: Annotated[int, Range(1)] = 100
    restarts: Annotated[int, Range(1)] = 5
    tries: Annotated[int, Range(1)] = 20
    libraries: tuple[Literal["art", "foolbox"], ...] = ("art", "foolbox")
    queries: Annotated[int, Range(1)] = 1000
    temperature: float = 0.005
    dataset: str = "mnist"
    data_dir: Path | None = None
    seed: Annotated[int, Range(0)] = 0
    output: Path = Path("runs/attacks")

    def __post_init__(self):
        check_ranges(self)
        for threat in self.threats:
            Threat.parse(threat)
        if not self.threats or not (self.settings or self.networks or self.neighbours):
            raise InputError(
                f"threats={self.threats!r}, settings={self.settings!r}, networks="
                f"{self.networks!r}: expected a threat, and someone to attack"
            )
        network_names(self.networks)


def attack(options, data=None, known=None, verbose=1):
    """Attacks every victim by every attack, within every threat.

    Args:
        options: an `AttacksOptions`.
        data: `LabelledData` to draw from; None for the test images.
        known: likewise, for the nearest neighbour; None for the training images.
        verbose: 0 for silence.

    Returns:
        The result, also written as `result.json`. `rows`: for each `victim`, `threat` and `attack`
        its `tier`, how many images it was `tried` on, and which it broke, `broken` (their places);
        `seconds`. `summary`: for each victim and threat the accuracy before, `clean`, and in the
        `worst` case, over all images; `worst_of_dear` over the first `dear_images`, on which every
        attack but the whole protocol was tried; `before_whole` and `worst_of_whole` over those
        before and after that, too; their 95 % intervals; and the `strongest`, which broke most of
        those that it was tried on. What breaks an image breaks it within any larger threat of the
        same norm, too. Of norms with several sizes there is a picture of the curves.

    Raises:
        InputError: for a name that is not known, or a library that is not installed.
        DataUnavailableError: if the images are not available.
    """
    check_libraries(options.libraries)
    generator = load_generator(options.generator)
    bounds = generator.bounds
    if data is None:
        data = load_images(options.dataset, "test", options.data_dir, bounds=bounds)
    if options.neighbours and known is None:
        known = load_images(options.dataset, "train", options.data_dir, bounds=bounds)
    data = data.sample(min(options.images, len(data)), options.seed)
    networks = {name: load_network(name) for name in options.networks}
    rivals = list(map(NetworkVictim, network_names(networks), networks.values()))
    classifiers = {name: load_classifier(generator, name) for name in options.settings}
    libraries = [
        LibraryVictim(f"library, {name}", classifier, options.temperature)
        for name, classifier in classifiers.items()
    ]
    neighbours = []
    if options.neighbours:
        generator.check_set(known)
        neighbours.append(NeighbourVictim(known))
    facts = {
        **generator.digests(),
        "search": {name: classifier.settings.to_dict() for name, classifier in classifiers.items()},
        "networks_sha256": {name: weights_digest(model) for name, model in networks.items()},
        "data": data.facts(),
        "known": known.facts() if options.neighbours else None,
    }
    run = Experiment("python -m evaluation.attacks", options, facts, verbose=verbose)
    threats = [Threat.parse(text) for text in options.threats]
    norms = [threat.norm for threat in threats]
    # the smaller ones first: what breaks an image within them does so within the larger
    threats.sort(key=lambda threat: (norms.index(threat.norm), threat.size))
    summary = []
    for victim in (*libraries, *rivals, *neighbours):
        right = victim.predict(data.images) == data.labels
        attacks = [
            *attacks_of(victim, rivals, bounds, options.steps, options.restarts, options.tries),
            *library_attacks(victim, bounds, options.libraries, options.steps, options.queries),
        ]
        attacks.sort(key=lambda attack: TIERS.index(attack.tier))
        survive = dict.fromkeys(norms, right)
        for threat in threats:
            siege = _Siege(run, options, victim, threat, data, bounds, right, survive[threat.norm])
            with run.progress(len(attacks), f"attack of {victim.name}, {threat}") as progress:
                for each in attacks:
                    if threat.norm in each.norms:
                        siege.lay(each)
                    progress.update()
            survive[threat.norm] = siege.survive
            summary.append(siege.summary())
            run.say(describe(summary[-1]))
    if max(map(norms.count, norms)) > 1:
        run.write_figure("curves.png", _draw_curves(summary))
    return run.finish(summary=summary)


def _draw_curves(summary):
    """What is left of each victim's accuracy over the size of the change, of norms with several."""
    panels = {}
    for row in summary:
        threat = Threat.parse(row["threat"])
        curves = panels.setdefault(f"accuracy left, {threat.norm}", {})
        sizes, left = curves.setdefault(row["victim"], ([0], [row["clean"]["accuracy"]]))
        sizes.append(threat.size)
        left.append(row["worst"]["accuracy"])
    panels = {
        name: curves
        for name, curves in panels.items()
        if all(len(sizes) > 2 for sizes, _ in curves.values())
    }
    return plot_curves(panels, "size of the change")


class _Siege:
    """All attacks of one victim within one threat."""

    def __init__(self, run, options, victim, threat, data, bounds, right, survive):
        self._run = run
        self._victim, self._threat, self._bounds = victim, threat, bounds
        self._data, self._right, self._seed = data, right, options.seed
        self._first = dict(zip(TIERS[1:], (options.dear_images, options.whole_images), strict=True))
        # those that no attack has broken yet, and those before each tier
        self.survive, self._before = survive.copy(), {}

    def lay(self, attack):
        """Tries an attack on what it may be tried on, if that was not done before."""
        self._before.setdefault(attack.tier, self.survive.copy())
        key = {"victim": self._victim.name, "threat": str(self._threat), "attack": attack.name}
        row = self._run.row(**key)
        if row is None:
            images, labels = self._data.images, self._data.labels
            # the cheap ones are tried on all, to know what each does by itself
            if attack.tier == "cheap":
                tried = np.flatnonzero(self._right)
            else:
                tried = np.flatnonzero(self.survive[: self._first[attack.tier]])
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
        self.survive[row["broken"]] = False

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
        """See `attack`."""
        rows = [
            row
            for row in self._run.rows
            if (row["victim"], row["threat"]) == (self._victim.name, str(self._threat))
        ]
        strongest = max(rows, key=lambda row: len(row["broken"]) / max(1, row["tried"]))
        dear, whole = self._first["dear"], self._first["whole"]
        before = self._before.get("whole", self.survive)
        return {
            "victim": self._victim.name,
            "threat": str(self._threat),
            "clean": _share(self._right),
            "worst": _share(self.survive),
            "worst_of_dear": _share(before[:dear]),
            "before_whole": _share(before[:whole]),
            "worst_of_whole": _share(self.survive[:whole]),
            "strongest": strongest["attack"],
        }


def _share(kept):
    """How many of some survive, None of none."""
    if not len(kept):
        return None
    count = int(kept.sum())
    return {
        "correct": count,
        "count": len(kept),
        "accuracy": count / len(kept),
        "interval": list(wilson_interval(count, len(kept))),
    }


def describe(row):
    """A row of the summary in one line."""

    def said(share):
        low, high = share["interval"]
        return f"{100 * share['accuracy']:.1f} % ({100 * low:.1f} to {100 * high:.1f})"

    of = {"dear ones on": row["worst_of_dear"], "whole protocol on": row["worst_of_whole"]}
    few = [f", {name} {share['count']}: {said(share)}" for name, share in of.items() if share]
    return (
        f"{row['victim']:24} {row['threat']:9} right {said(row['clean'])}, survive "
        f"{said(row['worst'])}{''.join(few)}; strongest: {row['strongest']}"
    )


def main():
    """Runs the experiment with the options of the command line."""
    result = attack(parse_options(AttacksOptions))
    print("\n".join(map(describe, result["summary"])))


if __name__ == "__main__":
    run_program(main)
