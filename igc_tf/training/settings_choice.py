"""Chooses the search settings that suit a generator best."""

from dataclasses import replace

import numpy as np

from igc_tf.classifiers import load_classifier
from igc_tf.classifiers.inverted_generator import require_latent
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
_KEPT = 3


def encoder_rounds(candidates, quick=False):
    """Returns the rounds of changes for a generator with an encoder.

    Args:
        candidates: with how many its searches begin: the last steps are for three of them.
        quick: only what brings most, for choices by few images.
    """
    kept = _KEPT if candidates > _KEPT else None

    def few(steps):
        return {"steps": steps, "plan": ((0, kept), (steps, None)), "final_learning_rate": 0.0}

    rates = (0.002, 0.005) if quick else (0.001, 0.002, 0.005)
    first = tuple({**few(4), "learning_rate": rate} for rate in rates)
    by_deformation = {"decision": "deformation", "contenders": 2}
    if quick:
        return first, (by_deformation,)
    return (
        first,
        (few(2), few(8), by_deformation, {"decision": "loss"}),
        ({"restriction_weight": 0.0}, {"restriction_weight": 0.1}),
    )


def choose_settings(run, generator, noised, labels, rounds=None, start=None):
    """Starts from a first search; of each round keeps the best, if it is an improvement.

    The best is the most accurate; of equally accurate ones that which reproduces the images most
    closely, by whichever class. In a round some changes are tried with all else as it is.

    Args:
        run: an `Experiment`, whose rows are what was tried; an interrupted choice goes on from
            there. TensorBoard's HParams compares it, under `tensorboard/`.
        generator: a `Generator` with a latent.
        noised: {standard deviation: images with such noise}, none of those trained with; the mean
            of the accuracies counts.
        labels: the right ones.
        rounds: for each round, the changes to try, dicts of `SearchSettings`' fields; None for
            `ROUNDS`, or with an encoder `encoder_rounds`.
        start: the `SearchSettings` that are tried first; None for the paper's, or with an encoder
            one pass of it.

    Returns:
        The chosen `SearchSettings`, which the run's result has as `best_settings`.

    Raises:
        GeneratorError: for a generator without a latent.
    """
    require_latent(generator)
    if run.finished is not None:
        return SearchSettings.from_dict(run.finished["best_settings"])

    def score(settings):
        row = run.row(settings=settings.to_dict())
        if row is None:
            row = _tried(load_classifier(generator, settings), noised, labels)
            run.add(row)
            log_settings(
                run.path / "tensorboard",
                settings,
                dict(zip(noised, row["accuracies"], strict=True)),
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
        rounds = encoder_rounds(generator.layout.size) if has_encoder else ROUNDS
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


def _tried(classifier, noised, labels):
    """What a choice knows of a classifier, JSON-ready."""
    differences = []

    def keep(found):
        differences.extend(np.nanmin(found.differences, axis=-1))

    evaluations = [classifier.evaluate(x, labels, verbose=0, keep=keep) for x in noised.values()]
    accuracies = [evaluation.accuracy for evaluation in evaluations]
    return {
        "settings": classifier.settings.to_dict(),
        "score": sum(accuracies) / len(accuracies),
        "accuracies": accuracies,
        "difference": float(np.mean(differences)),
        "seconds": sum(evaluation.seconds for evaluation in evaluations),
    }
