"""A classifier's loss in the generator's, against its weight, judged by another classifier."""

import functools
from dataclasses import replace

from evaluation.coursework.scores import in_turn
from igc_tf.plots import plot_class_samples
from igc_tf.training import RECIPES

_NAME = "cgan-medium-classifier"
# α of the classifier's loss and β of the generator's own
WEIGHTS = ((0.0, 1.0), (0.1, 1.0), (1.0, 1.0), (10.0, 1.0), (1.0, 0.0))
_SAMPLES = 10


def weighted(alpha, beta):
    """The name and the recipe of a training with these weights.

    Without the classifier's loss it is the medium CGAN.
    """
    if alpha == 0:
        return "cgan-medium", RECIPES["cgan-medium"]
    recipe = replace(RECIPES[_NAME], classifier_weight=alpha, adversarial_weight=beta)
    return _NAME if recipe == RECIPES[_NAME] else f"{_NAME}-{alpha:g}-{beta:g}", recipe


def compare_weights(run, trainings, judges, count):
    """Adds a row for each weight and seed.

    Args:
        run: an `Experiment`.
        trainings: {(alpha, beta, seed): a function without arguments that returns the `Trained`}.
        judges: {"own": the `Judge` whose loss is in the generator's, "other": another one}.
        count: images to generate.
    """
    for (alpha, beta, seed), train in trainings.items():
        if run.row(alpha=alpha, beta=beta, seed=seed) is not None:
            continue
        trained = train()
        generator = trained.generator()
        images, labels = in_turn(generator, count, seed=0)
        row = {"alpha": alpha, "beta": beta, "seed": seed, **trained.length()}
        row |= trained.source()
        row |= {name: judge.scores(images, labels) for name, judge in judges.items()}
        run.add(row, functools.partial(_draw, run, row, generator, images, labels))
        run.say(
            f"α {alpha:g}, β {beta:g}, seed {seed}: "
            + ", ".join(f"{name} {100 * row[name]['accuracy']:.1f} %" for name in judges)
        )


def _draw(run, row, generator, images, labels):
    """Some images of a training; of the first seed only."""
    if row["seed"]:
        return
    names = enumerate(generator.layout.class_names)
    samples = {name: images[labels == number][:_SAMPLES] for number, name in names}
    title = f"α = {row['alpha']:g}, β = {row['beta']:g}"
    figure = plot_class_samples(samples, generator.bounds, title)
    run.write_figure(f"samples-{row['alpha']:g}-{row['beta']:g}.png", figure)
