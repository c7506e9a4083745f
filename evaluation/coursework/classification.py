"""Each variant as an inverted generator classifier, and whether better images classify better."""

import math

import numpy as np

from evaluation.coursework.scores import describe, in_turn
from evaluation.figures import plot_scatter
from evaluation.search_settings.__main__ import SearchSettingsOptions, choose_search_settings
from evaluation.statistics import rank_correlation
from igc_tf.classifiers import InvertedGeneratorClassifier
from igc_tf.data.noise import with_noise
from igc_tf.search import SearchSettings

# no class separation brought the latents of digits near to the mean: a few long steps, which get
# shorter, and what is tried beside them
START = SearchSettings(steps=20, learning_rate=0.1, final_learning_rate=0.0)
ROUNDS = (
    ({"learning_rate": 0.05}, {"learning_rate": 0.2}),
    ({"restriction_weight": 0.0}, {"restriction_weight": 0.1}),
)
# what may tell a good generator, the better the higher: {name: (field, sign)}
MEASURES = {
    "LeNet's accuracy on its images": ("accuracy", 1),
    "inception score": ("inception_score", 1),
    "Fréchet distance, negative": ("frechet", -1),
    "KID, negative": ("kernel", -1),
}
# what is compared, without what the two have in common: {name: the stratum of a row}. Images and
# accuracy both improve while a training goes on, whatever the one has to do with the other
COMPARED = {
    "between trainings at equal length": lambda row: row["batches"],
    "along a training": lambda row: f"{row['variant']} {row['seed']}",
}


def classify_variants(run, variants, judge, choices, test, options, rounds=ROUNDS):
    """Adds a row for each generator that was kept of each variant with classes.

    Args:
        run: an `Experiment`.
        variants: {(name, seed): a function without arguments that returns the `Trained`}.
        judge: a `Judge`, of its images.
        choices: `LabelledData`, on which the search settings of each generator are chosen.
        test: `LabelledData`, which are classified.
        options: with `images`, `checkpoints`, `choice_images`, `sigma`, `seed`.
        rounds: of changes to `START`, as for `choose_search_settings`.
    """
    for (name, seed), train in variants.items():
        trained = train()
        for epoch in chosen_epochs(trained, options.checkpoints):
            if run.row(variant=name, seed=seed, epoch=epoch) is not None:
                continue
            generator = trained.generator(epoch)
            settings = _settings(run, trained, epoch, choices, options, rounds)
            classifier = InvertedGeneratorClassifier(generator, settings)
            row = {
                "variant": name,
                "seed": seed,
                "epoch": epoch,
                "batches": epoch * trained.steps_per_epoch,
                **trained.source(epoch),
                "settings": settings.to_dict(),
                "images": judge.scores(*in_turn(generator, options.images, seed=0)),
                "classification": [],
            }
            for sigma in options.sigma:
                noised = with_noise(test, sigma, options.seed).images
                found = classifier.evaluate(noised, test.labels, verbose=run.verbose)
                row["classification"].append({"sigma": sigma, **found.to_dict()})
            run.add(row)
            accuracies = [f"{100 * noised['accuracy']:.1f}" for noised in row["classification"]]
            run.say(
                f"{name}, seed {seed}, epoch {epoch}: {' / '.join(accuracies)} %; its images "
                f"{describe(row['images'])}"
            )


def chosen_epochs(trained, count):
    """Up to `count` of the epochs that a training kept: the last, and others evenly before it."""
    places = np.linspace(len(trained.epochs) - 1, 0, count).round().astype(int)
    return sorted({trained.epochs[place] for place in places})


def _settings(run, trained, epoch, choices, options, rounds):
    """The search settings that suit a generator, chosen on validation images."""
    kept = f"{trained.name}-seed-{trained.seed}-epoch-{epoch:03d}"
    asked = SearchSettingsOptions(
        generator=str(trained.generator_path(epoch)),
        images=options.choice_images,
        seed=options.seed + 1,
        output=run.path / "settings" / kept,
    )
    return choose_search_settings(asked, choices, rounds, verbose=0, start=START)


def correlate(rows):
    """Whether better images classify better: Spearman's correlation within strata.

    Args:
        rows: of `classify_variants`.

    Returns:
        A list of dicts, one for each of `COMPARED`, of `MEASURES`, and sigma: `measure`,
        `compared`, `sigma`, `correlation` and its 95 % `correlation_interval` by bootstrap over the
        trainings, whose checkpoints stay together; `generators` and `trainings`, their numbers. A
        single generator has none.
    """
    if len(rows) < 2:
        return []
    trainings = [f"{row['variant']} {row['seed']}" for row in rows]
    found = []
    for compared, stratum in COMPARED.items():
        strata = [stratum(row) for row in rows]
        for measure, (field, sign) in MEASURES.items():
            values = [sign * row["images"][field] for row in rows]
            for number, noised in enumerate(rows[0]["classification"]):
                accuracies = [row["classification"][number]["accuracy"] for row in rows]
                correlation, interval = rank_correlation(values, accuracies, trainings, strata)
                found.append(
                    {
                        "measure": measure,
                        "compared": compared,
                        "sigma": noised["sigma"],
                        # of a constant there is none
                        "correlation": None if math.isnan(correlation) else correlation,
                        "correlation_interval": [None if math.isnan(x) else x for x in interval],
                        "generators": len(rows),
                        "trainings": len(set(trainings)),
                    }
                )
    return found


def draw_correlations(run):
    """A figure for each of `MEASURES`, against the accuracy without noise."""
    for measure, (field, _) in MEASURES.items():
        points = {}
        for row in run.rows:
            point = row["images"][field], 100 * row["classification"][0]["accuracy"]
            points.setdefault(row["variant"], []).append(point)
        sigma = run.rows[0]["classification"][0]["sigma"]
        name = measure.removesuffix(", negative")
        figure = plot_scatter(points, name, f"right at sigma {sigma:g}, %", "every generator")
        run.write_figure(f"{field}.png", figure)
