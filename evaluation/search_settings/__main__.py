"""`python -m evaluation.search_settings`: the search that suits a generator best.

It is chosen on the validation digits.
"""

import json
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Literal

import numpy as np

from igc_tf.classifiers import InvertedGeneratorClassifier, MultiLabelInvertedGeneratorClassifier
from igc_tf.cli.program import parse_options, run_program
from igc_tf.data import add_gaussian_noise, label_digits, load_images
from igc_tf.generators.store import load_generator
from igc_tf.ranges import Range, check_ranges
from igc_tf.runs import Experiment
from igc_tf.search import SearchSettings
from igc_tf.tensorboard import log_settings

# the search that the choice begins with, and changes tried one round after the other; the best of a
# round is kept if it is better than before. Steps and learning rate go together: their product is
# the reach of the search.
FROM_THE_MEAN = SearchSettings()
ROUNDS = (
    (
        {"decision": "deformation"},
        # the search that training separates the classes with
        {"steps": 8, "learning_rate": 0.0125, "decision": "deformation"},
    ),
    (
        {"steps": 8, "learning_rate": 0.016},
        {"steps": 12, "learning_rate": 0.0125},
        {"steps": 16, "learning_rate": 0.0125, "final_learning_rate": 0.0},
        {"steps": 30, "learning_rate": 0.01, "final_learning_rate": 0.0},
    ),
    ({"restriction_weight": 0.0}, {"restriction_weight": 0.1}),
    # once more, with the reach that was chosen
    ({"decision": "difference"}, {"decision": "loss"}),
)

# with an encoder: one pass, then few steps with the classes that it leaves in doubt
FROM_THE_ENCODER = SearchSettings(steps=0, start="encoder")
_PLAN = {"steps": 4, "plan": ((0, 3), (4, None)), "final_learning_rate": 0.0}
ENCODER_ROUNDS = (
    tuple({**_PLAN, "learning_rate": rate} for rate in (0.001, 0.002, 0.005)),
    (
        {"steps": 2, "plan": ((0, 3), (2, None)), "final_learning_rate": 0.0},
        {"steps": 8, "plan": ((0, 3), (8, None)), "final_learning_rate": 0.0},
        {"decision": "deformation", "contenders": 2},
        {"decision": "loss"},
    ),
    ({"restriction_weight": 0.0}, {"restriction_weight": 0.1}),
)


@dataclass(frozen=True)
class SearchSettingsOptions:
    """Choose search settings on validation images, one round of changes after the other.

    Attributes:
        generator: a name that ships, or a .keras file.
        task: what the generator is conditioned on; with digit_labels a digit counts as right
            where all labels are.
        images: validation images for choices, drawn at random with the seed.
        sigma: noise levels; the mean of the accuracies at these is what is maximised.
        dataset: an image set of TensorFlow Datasets, of 28×28×1 images.
        data_dir: of TensorFlow Datasets; its own default if not given.
        seed: of the choice of images and the noise.
        output: directory for result.json, and for TensorBoard's comparison of what was tried.
    """

    generator: str = "mnist-cagan-compact"
    task: Literal["classes", "digit_labels"] = "classes"
    images: Annotated[int, Range(1)] = 2500
    sigma: Annotated[tuple[float, ...], Range(0, 1000)] = (0.0, 0.4)
    dataset: str = "mnist"
    data_dir: Path | None = None
    seed: Annotated[int, Range(0)] = 1
    output: Path = Path("runs/search-settings")

    def __post_init__(self):
        check_ranges(self)


def choose_search_settings(options, data=None, rounds=None, verbose=1, start=None):
    """Starts from a first search; of each round keeps the best, if it is an improvement.

    The best is the most accurate; of equally accurate ones that whose answers are nearest to the
    images.

    The first search is the paper's; of a generator with an encoder one pass of it. In a round some
    changes are tried with all else as it is. What was tried is kept in `result.json`, and compared
    in TensorBoard's HParams under `tensorboard/`; an interrupted choice goes on from there.

    Args:
        options: a `SearchSettingsOptions`.
        data: `LabelledData` to draw from; None for the validation images of the options' data set.
        rounds: for each round, the changes to try, dicts of `SearchSettings`' fields; None for
            `ROUNDS`, or with an encoder `ENCODER_ROUNDS`.
        verbose: 0 for silence.
        start: the `SearchSettings` that are tried first; None for those above.

    Returns:
        The chosen `SearchSettings`.
    """
    generator = load_generator(options.generator)
    if data is None:
        data = load_images(
            options.dataset,
            "validation/choices",
            data_dir=options.data_dir,
            bounds=generator.bounds,
        )
    data = data.sample(min(options.images, len(data)), options.seed)
    has_classes = options.task == "classes"
    labelled = data if has_classes else label_digits(data, options.seed)
    kind = InvertedGeneratorClassifier if has_classes else MultiLabelInvertedGeneratorClassifier
    generator.check_set(labelled)
    noised = [add_gaussian_noise(labelled.images, sigma, options.seed) for sigma in options.sigma]
    facts = {
        "generator_sha256": generator.digest(),
        "data": {"source": data.source, "split": data.split, "count": len(data)},
    }
    run = Experiment(
        "python -m evaluation.search_settings", options, facts, rows="tried", verbose=verbose
    )

    def score(settings):
        row = run.row(settings=settings.to_dict())
        if row is None:
            classifier, differences = kind(generator, settings), []
            evaluations = [
                classifier.evaluate(
                    x,
                    labelled.labels,
                    verbose=0,
                    keep=lambda found: differences.extend(np.nanmin(found.differences, axis=-1)),
                )
                for x in noised
            ]
            accuracies = [evaluation.accuracy for evaluation in evaluations]
            row = {
                "settings": settings.to_dict(),
                "score": sum(accuracies) / len(accuracies),
                "accuracies": accuracies,
                "difference": float(np.mean(differences)),
                "seconds": sum(evaluation.seconds for evaluation in evaluations),
            }
            run.add(row)
            log_settings(
                run.path / "tensorboard",
                settings,
                dict(zip(options.sigma, accuracies, strict=True)),
                f"setting {len(run.rows):02d}",
            )
        return row["score"], -row["difference"]

    has_encoder = generator.encoder is not None
    best_settings, first = start, "the first settings"
    if start is None:
        best_settings = FROM_THE_ENCODER if has_encoder else FROM_THE_MEAN
        first = "one pass of the encoder" if has_encoder else "the paper's settings"
    best_score = score(best_settings)
    run.say(f"{100 * best_score[0]:6.2f} %  {first}")
    if rounds is None:
        rounds = ENCODER_ROUNDS if has_encoder else ROUNDS
    for changes in rounds:
        base = best_settings
        for change in changes:
            settings = replace(base, **change)
            value = score(settings)
            run.say(f"{100 * value[0]:6.2f} %  {change}")
            if value > best_score:
                best_settings, best_score = settings, value
    run.finish(best_settings=best_settings.to_dict())
    return best_settings


def main():
    """Runs the experiment with the options of the command line."""
    settings = choose_search_settings(parse_options(SearchSettingsOptions))
    print(json.dumps(settings.to_dict(), indent=2))


if __name__ == "__main__":
    run_program(main)
