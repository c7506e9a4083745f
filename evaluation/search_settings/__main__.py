"""`python -m evaluation.search_settings`: the search that suits a generator best.

It is chosen on the validation digits.
"""

import json
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Annotated, Literal

from evaluation.options import DatasetOptions
from igc_tf.cli.program import parse_options, run_program
from igc_tf.data import label_digits
from igc_tf.data.noise import with_noise
from igc_tf.generators.store import load_generator
from igc_tf.ranges import SEED, Range
from igc_tf.runs import Experiment
from igc_tf.training.settings_choice import choose_settings


@dataclass(frozen=True)
class SearchSettingsOptions(DatasetOptions):
    """Choose search settings on validation images, one round of changes after the other.

    Attributes:
        generator: a name that ships, a generator's directory, or a .keras file.
        task: what the generator is conditioned on; with digit_labels a digit counts as right
            where all labels are.
        images: validation images for choices, drawn at random with the seed.
        sigma: standard deviations of the noise, as parts of the range from black to white; the
            mean of the accuracies at these is what is maximised.
        dataset: an image set of TensorFlow Datasets, of the generator's shape.
        output: directory for result.json, and for TensorBoard's comparison of what was tried.
    """

    generator: str = "mnist-cagan-compact"
    task: Literal["classes", "digit_labels"] = "classes"
    images: Annotated[int, Range(1)] = 2500
    sigma: Annotated[tuple[float, ...], Range(0, 1000)] = (0.0, 0.4)
    seed: Annotated[int, SEED] = field(default=1, kw_only=True)
    output: Path = Path("runs/search-settings")


def choose_search_settings(options, data=None, rounds=None, verbose=1, start=None):
    """Chooses by validation images (see `choose_settings`).

    What was tried is kept in `result.json`; an interrupted choice goes on from there.

    Args:
        options: a `SearchSettingsOptions`.
        data: `LabelledData` to draw from; None for the validation images of the options' data set.
        rounds, start: as for `choose_settings`.
        verbose: 0 for silence.

    Returns:
        The chosen `SearchSettings`.
    """
    generator = load_generator(options.generator)
    other = {}
    if options.task == "digit_labels":
        other["label"] = partial(label_digits, seed=options.seed)
    data = options.images_of("validation/choices", generator, options.images, data, **other)
    generator.check_set(data)
    noised = {sigma: with_noise(data, sigma, options.seed).images for sigma in options.sigma}
    facts = {
        **generator.digests(),
        "data": data.facts(),
    }
    run = Experiment(
        "python -m evaluation.search_settings", options, facts, rows="tried", verbose=verbose
    )
    return choose_settings(run, generator, noised, data.labels, rounds, start)


def main():
    """Runs the experiment with the options of the command line."""
    settings = choose_search_settings(parse_options(SearchSettingsOptions))
    print(json.dumps(settings.to_dict(), indent=2))


if __name__ == "__main__":
    run_program(main)
