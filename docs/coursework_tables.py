"""Tables of the page on the DCGAN and CGAN coursework, made as those of `result_tables` are."""

import statistics

from result_files import by_sigma, percent, read, table, verdict_table

from evaluation.coursework.retraining_claims import PUBLISHED
from igc_tf.metrics import format_proportion


def _mean_spread(values, digits):
    """A mean and, of several, its standard deviation."""
    if len(values) == 1:
        return f"{values[0]:.{digits}f}"
    return f"{statistics.mean(values):.{digits}f} ± {statistics.stdev(values):.{digits}f}"


def _grouped(rows, *names):
    """{values of these names: the rows that have them}, in their order."""
    found = {}
    for row in rows:
        found.setdefault(tuple(row[name] for name in names), []).append(row)
    return found


def _by_variant(rows):
    """{variant: its rows}, in their order."""
    return {variant: found for (variant,), found in _grouped(rows, "variant").items()}


def coursework_scores():
    """Every variant beside the document's figures; the mean of its trainings and their spread."""
    rows = []
    for name, found in _by_variant(read("coursework/scores")["rows"]).items():
        first, published = found[0], found[0]["published"] or {}
        batches = "–"
        if "batches" in first:
            batches = f"{first['batches']:,}" + ("" if first["reproduced"] else " (not reproduced)")
        accuracy = "–"
        if "accuracy" in first:
            accuracy = _mean_spread([row["accuracy"] for row in found], 3)
        rows.append(
            [
                f"`{name}`",
                len(found),
                batches,
                accuracy,
                published.get("accuracy", "–"),
                _mean_spread([row["inception_score"] for row in found], 2),
                f"{first['inception_score_deviation']:.2f}",
                published.get("score", "–"),
                _mean_spread([row["frechet"] for row in found], 1),
                _mean_spread([row["kernel"] for row in found], 3),
                _mean_spread([row["entropy"] for row in found], 2),
                f"{first['seconds'] / 60:.0f}" if "seconds" in first else "–",
                published.get("time", "") or "–",
            ]
        )
    head = ["", "trainings", "batches", "accuracy", "document", "inception score", "± in splits"]
    head += ["document", "Fréchet", "KID", "entropy", "minutes", "document"]
    return table(head, rows)


def coursework_training():
    """What the losses do, and what a batch does to its images."""
    rows = []
    for name, found in _by_variant(read("coursework/scores")["rows"]).items():
        if "losses" not in found[0]:
            continue
        losses = [row["losses"] for row in found]
        figures = [
            _mean_spread([of[side][figure] for of in losses], 2)
            for side in ("discriminator_loss", "generator_loss")
            for figure in ("mean", "oscillation")
        ]
        effects = [
            _mean_spread([row["batch_effects"][size][effect] for row in found], 4)
            for size in ("128", "512")
            for effect in ("likeness", "dependence")
        ]
        rows.append([f"`{name}`", *figures, *effects])
    head = ["", "D", "its oscillation", "G", "its oscillation"]
    return table(
        [*head, *(f"{x}, {n}" for n in (128, 512) for x in ("likeness", "dependence"))], rows
    )


def coursework_classifier_loss():
    """A classifier's loss in the generator's, judged by it and by another classifier."""
    lines = []
    trainings = read("coursework/classifier-loss")["rows"]
    for (alpha, beta), found in _grouped(trainings, "alpha", "beta").items():
        cells = [
            _mean_spread([row[judge][figure] for row in found], digits)
            for judge in ("own", "other")
            for figure, digits in (("accuracy", 3), ("inception_score", 2), ("frechet", 1))
        ]
        lines.append([f"{alpha:g}", f"{beta:g}", f"{found[0]['batches']:,}", *cells])
    judges = "by the LeNet in the loss", "by another LeNet"
    figures = "accuracy", "inception score", "Fréchet"
    head = [f"{figure} {judge}" for judge in judges for figure in figures]
    return table(["α", "β", "batches", *head], lines)


def coursework_classification():
    """The last generator of each training as a classifier."""
    result = read("coursework/classification")
    lines = []
    for found in _by_variant(result["rows"]).values():
        last = max(row["epoch"] for row in found)
        for row in found:
            if row["epoch"] == last:
                images, classified = row["images"], row["classification"]
                figures = f"{images['inception_score']:.2f}", f"{images['frechet']:.1f}"
                lines.append(
                    [
                        f"`{row['variant']}`",
                        f"{row['batches']:,}",
                        *(format_proportion(of, 2) for of in classified),
                        percent(images["accuracy"], 1),
                        *figures,
                    ]
                )
    sigmas = (f"sigma {sigma:g}" for sigma in result["options"]["sigma"])
    head = ["", "batches", *sigmas, "LeNet on its images", "inception score", "Fréchet"]
    return table(head, lines)


def coursework_correlations():
    """Whether a generator with better images classifies better, by what is compared."""
    correlations = read("coursework/classification")["correlations"]
    lines = []
    for (measure, sigma), found in _grouped(correlations, "measure", "sigma").items():
        cells = []
        for row in found:
            value, low, high = (
                "–" if x is None else f"{x:+.2f}".replace("-", "−")
                for x in (row["correlation"], *row["correlation_interval"])
            )
            cells.append(f"{value} ({low} to {high})")
        lines.append([measure, f"{sigma:g}", *cells])
    compared = (name for (name,) in _grouped(correlations, "compared"))
    return table(["better by", "sigma", *compared], lines)


def coursework_retraining():
    """A classifier that learnt from real and generated images, by their share."""
    rows = read("coursework/retraining")["rows"]
    lines = []
    for share in sorted({row["share"] for row in rows if "share" in row}):
        cells = [_accuracies(rows, part=part, share=share) for part in ("replaced", "added")]
        lines.append([percent(share, 0), *cells])
    return table(["share generated", "in the place of real ones", "added to them"], lines)


def coursework_few():
    """A classifier that learnt from few real images, beside the document's figures."""
    result = read("coursework/retraining")
    lines = [
        [way, _accuracies(result["rows"], part="few", way=way), _published(published)]
        for way, published in PUBLISHED.items()
    ]
    return table(["learnt from", "accuracy", "the document"], lines)


def _accuracies(rows, **key):
    """The mean and spread of the rows with these values, per cent."""
    found = [
        100 * row["accuracy"]
        for row in rows
        if all(row.get(name) == value for name, value in key.items())
    ]
    return f"{_mean_spread(found, 2)} %" if found else "–"


def _published(accuracy):
    return "–" if accuracy is None else percent(accuracy, 1)


def coursework_embeddings():
    """How real and generated images lie, and how well LeNet tells their classes apart."""
    result = read("coursework/embeddings")
    lines = []
    for name, found in result["embeddings"].items():
        near, precision = found["like_neighbours"], result["average_precision"][name]
        lines.append(
            [
                name,
                percent(sum(found["explained_variance"]), 1),
                percent(near["PCA"], 1),
                percent(near["t-SNE"], 1),
                f"{sum(precision) / len(precision):.4f}",
                f"{min(precision):.4f}",
            ]
        )
    head = ["", "variance in 2 components", "like neighbours, PCA", "t-SNE"]
    return table([*head, "mean average precision", "of the worst class"], lines)


def coursework_shipped():
    """How the three that ship read all test images."""
    names = ("shallow", "medium", "medium-ls")
    return by_sigma({f"`mnist-cgan-{name}`": f"coursework-{name}" for name in names})


TABLES = {
    "coursework-classification": coursework_classification,
    "coursework-classifier-loss": coursework_classifier_loss,
    "coursework-correlations": coursework_correlations,
    "coursework-embeddings": coursework_embeddings,
    "coursework-few": coursework_few,
    "coursework-linear": verdict_table("coursework/embeddings"),
    "coursework-retraining": coursework_retraining,
    "coursework-retraining-claims": verdict_table("coursework/retraining"),
    "coursework-scores": coursework_scores,
    "coursework-shipped": coursework_shipped,
    "coursework-training": coursework_training,
    "coursework-claims": verdict_table("coursework/scores"),
}
