"""`python -m evaluation.attacks`: how many images survive the strongest of many attacks.

After "Evaluating the Adversarial Robustness of Adaptive Test-time Defenses" (Croce et al. 2022): an
image survives only if every attack failed, those among them that know the search and go through it.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

from evaluation.attacks.attacks import TIERS, attacks_of
from evaluation.attacks.libraries import check_libraries, library_attacks
from evaluation.attacks.siege import Siege
from evaluation.attacks.threats import Threat
from evaluation.attacks.victims import LibraryVictim, NeighbourVictim, NetworkVictim
from evaluation.figures import plot_curves
from evaluation.options import DatasetOptions
from evaluation.readers import network_facts, network_names
from igc_tf.classifiers import load_classifier
from igc_tf.classifiers.network import load_network
from igc_tf.cli.program import parse_options, run_program
from igc_tf.data import load_images
from igc_tf.errors import InputError
from igc_tf.generators.store import load_generator
from igc_tf.metrics import format_proportion
from igc_tf.ranges import Range
from igc_tf.runs import Experiment


@dataclass(frozen=True)
class AttacksOptions(DatasetOptions):
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
    output: Path = Path("runs/attacks")

    def __post_init__(self):
        super().__post_init__()
        threats = list(map(str, map(Threat.parse, self.threats)))
        if len(set(threats)) < len(threats):
            raise InputError(f"threats={self.threats!r}: expected each of them once")
        if self.whole_images > self.dear_images:
            raise InputError(
                f"whole_images={self.whole_images!r}: expected at most "
                f"dear_images={self.dear_images!r}, whose attacks come first"
            )
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
        `seconds`. `summary`: for each victim and threat the accuracy before, `clean`, over all
        images, and what survives a tier and those before it, over the images that the tier is for:
        `cheap` over all, `dear` over the first `dear_images`, `whole` over the first
        `whole_images`, of which `before_whole` survive the dear ones; their 95 % intervals, None
        over no images; the `strongest` of the cheap attacks, which are all tried on the same
        images, None where none of them broke any; and the places of the images that are read
        `wrong` while nobody attacks. What breaks an image breaks it within any larger threat of the
        same norm, too. Of norms with several sizes there is a picture of the curves, of what
        survives the cheap ones.

    Raises:
        InputError: for a name that is not known, or a library that is not installed.
        DataUnavailableError: if the images are not available.
    """
    check_libraries(options.libraries)
    generator = load_generator(options.generator)
    bounds = generator.bounds
    data = options.images_of("test", generator, options.images, data)
    if options.neighbours and known is None:
        known = load_images(options.dataset, "train", options.data_dir, bounds=bounds)
    networks = {name: load_network(name) for name in options.networks}
    rivals = [
        NetworkVictim(name, network, bounds)
        for name, network in zip(network_names(networks), networks.values(), strict=True)
    ]
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
        **network_facts(networks),
        "data": data.facts(),
        "known": known.facts() if options.neighbours else None,
    }
    run = Experiment("python -m evaluation.attacks", options, facts, verbose=verbose)
    if run.finished is not None:
        return run.finished
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
        left = dict.fromkeys(norms, dict.fromkeys(TIERS, right))
        for threat in threats:
            siege = Siege(run, options, victim, threat, data, bounds, right, left[threat.norm])
            meant = [each for each in attacks if threat.norm in each.norms]
            found = [each.name for each in meant if siege.row(each) is not None]
            unit = f"attack of {victim.name}, {threat}"
            with run.progress(len(meant), unit, initial=len(found)) as progress:
                for each in meant:
                    siege.lay(each)
                    if each.name not in found:
                        progress.update()
            left[threat.norm] = siege.left
            summary.append(siege.summary())
            run.say(describe(summary[-1]))
    several = [norm for norm in dict.fromkeys(norms) if norms.count(norm) > 1]
    if several:
        run.write_figure("curves.png", _draw_curves(summary, several))
    return run.finish(summary=summary)


def _draw_curves(summary, norms):
    """What survives the cheap attacks over the size of the change, for each of the norms."""
    panels = {f"accuracy left, {norm}": {} for norm in norms}
    for row in summary:
        threat = Threat.parse(row["threat"])
        if threat.norm in norms:
            curves = panels[f"accuracy left, {threat.norm}"]
            sizes, left = curves.setdefault(row["victim"], ([0], [row["clean"]["accuracy"]]))
            sizes.append(threat.size)
            left.append(row["cheap"]["accuracy"])
    return plot_curves(panels, "size of the change", "Survivors of the cheap attacks")


def describe(row):
    """A row of the summary in one line."""
    survivors = [
        f"{tier} on {row[tier]['count']}: {format_proportion(row[tier])}"
        for tier in TIERS
        if row[tier]
    ]
    return (
        f"{row['victim']:24} {row['threat']:9} right {format_proportion(row['clean'])}, survive "
        f"{', '.join(survivors)}; strongest of the cheap: {row['strongest'] or 'none'}"
    )


def main():
    """Runs the experiment with the options of the command line."""
    result = attack(parse_options(AttacksOptions))
    print("\n".join(map(describe, result["summary"])))


if __name__ == "__main__":
    run_program(main)
