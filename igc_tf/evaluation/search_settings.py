"""Chooses the search that suits a generator best, on the validation digits."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from igc_tf.data import add_gaussian_noise, load_images
from igc_tf.errors import InputError
from igc_tf.evaluation.check_generator import check_generator
from igc_tf.pretrained import load_generator, weights_digest
from igc_tf.runs import RunDirectory, describe_environment, json_ready
from igc_tf.search import SearchSettings
from igc_tf.tasks import TASKS
from igc_tf.tensorboard import log_settings

# changes tried one round after the other; the best of a round is kept if it is better than before.
# Steps and learning rate go together: their product is the reach of the search.
_ROUNDS = (
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


@dataclass(frozen=True)
class SearchSettingsOptions:
    """Choose search settings on validation images, one round of changes after the other.

    Attributes:
        generator: a name that ships, or a .keras file.
        task: what the generator is conditioned on; with digit_labels a digit counts as right
            where all labels are.
        images: validation images, drawn at random with the seed.
        sigma: noise levels; the mean of the accuracies at these is what is maximised.
        dataset: an image set of TensorFlow Datasets, of 28×28×1 images.
        data_dir: of TensorFlow Datasets; its own default if not given.
        seed: of the choice of images and the noise.
        output: directory for result.json, and for TensorBoard's comparison of what was tried.
    """

    generator: str = "mnist-cagan-compact"
    task: Literal["classes", "digit_labels"] = "classes"
    images: int = 1000
    sigma: tuple[float, ...] = (0.0, 0.4)
    dataset: str = "mnist"
    data_dir: Path | None = None
    seed: int = 1
    output: Path = Path("runs/search-settings")

    def __post_init__(self):
        if self.images < 1:
            raise InputError(f"--images {self.images}: expected a whole number >= 1")
        if not self.sigma:
            raise InputError("--sigma: expected one or more numbers >= 0")


def choose_search_settings(options, report=None):
    """Starts from the paper's settings and keeps every change that classifies better.

    In each round some changes are tried with all else as it is (`_ROUNDS`). What was tried is
    kept in `result.json`, and compared in TensorBoard's HParams under `tensorboard/`; an
    interrupted choice goes on from there.

    Args:
        options: a `SearchSettingsOptions`.
        report: told each line of progress, e.g. `print`; None for silence.

    Returns:
        The chosen `SearchSettings`.
    """
    report = report or (lambda line: None)
    generator = load_generator(options.generator)
    data = load_images(options.dataset, "validation", data_dir=options.data_dir)
    data = data.sample(min(options.images, len(data)), options.seed)
    task = TASKS[options.task]
    images, answers, conditions = task.prepare(data, options.seed)
    check_generator(options.generator, generator, data, conditions.shape[1])
    noised = [add_gaussian_noise(images, sigma, options.seed) for sigma in options.sigma]
    run = RunDirectory(options.output)
    result = {
        "program": "python -m evaluation.search_settings",
        "options": json_ready(options),
        "generator_sha256": weights_digest(generator),
        "data": {"source": data.source, "split": data.split, "count": len(data)},
        "environment": describe_environment(),
        "complete": False,
    }
    tried = run.findings(result, "tried")

    def score(settings):
        for row in tried:
            if row["settings"] == settings.to_dict():
                return row["score"]
        classifier = task.classifier(generator, settings)
        evaluations = [classifier.evaluate(x, answers, verbose=0) for x in noised]
        accuracies = [evaluation.accuracy for evaluation in evaluations]
        row = {
            "settings": settings.to_dict(),
            "score": sum(accuracies) / len(accuracies),
            "accuracies": accuracies,
            "seconds": sum(evaluation.seconds for evaluation in evaluations),
        }
        tried.append(row)
        log_settings(
            run.path / "tensorboard",
            settings,
            dict(zip(options.sigma, accuracies, strict=True)),
            f"setting {len(tried):02d}",
        )
        write(best_settings)
        return row["score"]

    def write(settings, complete=False):
        values = {"best_settings": settings.to_dict(), "tried": tried, "complete": complete}
        run.write_json("result.json", {**result, **values})

    best_settings = SearchSettings()
    best_score = score(best_settings)
    report(f"{100 * best_score:6.2f} %  the paper's settings")
    for changes in _ROUNDS:
        base = best_settings
        for change in changes:
            settings = replace(base, **change)
            value = score(settings)
            report(f"{100 * value:6.2f} %  {change}")
            if value > best_score:
                best_settings, best_score = settings, value
    write(best_settings, complete=True)
    return best_settings
