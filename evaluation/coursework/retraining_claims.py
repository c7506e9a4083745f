"""What the coursework says of retraining, beside what was measured."""

import numpy as np

from evaluation.verdicts import above, interval_above, judged, near, points, verdict_lines
from igc_tf.metrics import wilson_interval

# its accuracies with 550 real images, in the order of the trainings; it has none of "generated
# alone" but a curve
PUBLISHED = {
    "real": 0.62,
    "real, longer": 0.88,
    "generated alone": None,
    "generated, then real": 0.886,
    "mixed": 0.91,
    "mixed, then real": 0.92,
}
# its classes of which most mistakes are
_MISTAKEN = (4, 9)
# what it says of no real images, and how far from that is still about the same
_WITHOUT_REAL, _ABOUT = 0.2, 0.1
# likewise of what generated images gain
_GAIN, _ABOUT_GAIN = 0.003, 0.002


def judge_claims(rows):
    """Returns verdicts (`judged`) on the coursework's claims.

    Trainings are compared in pairs, those of a seed, which start alike. The share of the mistakes
    is that of one training: others make theirs on the same images.

    Args:
        rows: of `evaluation.coursework.retraining`.
    """
    return [
        _some_help(rows, "replaced"),
        _some_help(rows, "added"),
        _none_real(rows),
        *_few(rows),
        _fours_and_nines(rows),
    ]


def _accuracies(rows, **key):
    """{seed: accuracy} of the rows with these values."""
    return {
        row["seed"]: row["accuracy"]
        for row in rows
        if all(row.get(name) == value for name, value in key.items())
    }


def _better(first, second):
    """The first less the second, of each seed."""
    seeds = sorted(first.keys() & second.keys())
    return np.array([first[seed] - second[seed] for seed in seeds])


def _some_help(rows, part):
    none = _accuracies(rows, part="replaced", share=0.0)
    shares = sorted({row["share"] for row in rows if row["part"] == part and 0 < row["share"] < 1})
    means = {
        share: np.mean([*_accuracies(rows, part=part, share=share).values()]) for share in shares
    }
    # the one nearest to what the coursework found best
    near_best = min(shares, key=lambda share: abs(share - 0.3))
    differences = _better(_accuracies(rows, part=part, share=near_best), none)
    figures = ", ".join(f"{100 * share:.0f} %: {100 * mean:.2f}" for share, mean in means.items())
    action = "replace real images" if part == "replaced" else "are added"
    return judged(
        f"About 30 % of generated images, which {action}, help by some 0.3 points",
        near(differences, _GAIN, _ABOUT_GAIN),
        f"{100 * near_best:.0f} % against none: {points(differences)}; none: "
        f"{100 * np.mean([*none.values()]):.2f} %, {figures}",
    )


def _none_real(rows):
    accuracies = [*_accuracies(rows, part="replaced", share=1.0).values()]
    return judged(
        "Without real images, accuracy falls to about 20 %",
        near(accuracies, _WITHOUT_REAL, _ABOUT),
        f"{100 * np.mean(accuracies):.2f} %",
    )


def _few(rows):
    claims = (
        ("With few real images, three times the epochs help", "real, longer", "real"),
        (
            "Weights learnt from generated images are a better start",
            "generated, then real",
            "real, longer",
        ),
        ("Many generated images beside the few real ones help", "mixed", "real, longer"),
        ("Fine-tuning on the real ones then helps", "mixed, then real", "mixed"),
    )
    verdicts = []
    for claim, first, second in claims:
        pair = [_accuracies(rows, part="few", way=way) for way in (first, second)]
        differences = _better(*pair)
        published = 100 * (PUBLISHED[first] - PUBLISHED[second])
        evidence = f"{points(differences)} (the coursework: {published:+.1f})"
        verdicts.append(
            judged(claim, above(differences, 0), f"{first} against {second}: {evidence}")
        )
    return verdicts


def _fours_and_nines(rows):
    sentence = "Most mistakes are nines and fours"
    trainings = [row["errors"] for row in rows if row.get("way") == "mixed, then real"]
    errors = np.mean(trainings, axis=0)
    mistaken, count = errors[list(_MISTAKEN)].sum(), errors.sum()
    # a share of less than one mistake has no interval
    if count < 1:
        return judged(sentence, 0, "none")
    low, high = wilson_interval(mistaken, count)
    shares = ", ".join(
        f"{digit}: {100 * mistakes / count:.0f} %" for digit, mistakes in enumerate(errors)
    )
    return judged(
        sentence,
        interval_above((low, high), (0.5, 0.5)),
        f"{mistaken:.0f} of {count:.0f} ({100 * low:.0f} to {100 * high:.0f} %); {shares}",
    )


def retraining_tables(result):
    """Returns what `retrain` found as lines of text.

    Args:
        result: its result.
    """
    rows = result["rows"]
    lines = ["share generated   replaced: accuracy   added: accuracy   (means of the seeds)"]
    for share in sorted({row["share"] for row in rows if "share" in row}):
        cells = []
        for part in ("replaced", "added"):
            found = [*_accuracies(rows, part=part, share=share).values()]
            cells.append(f"{100 * np.mean(found):.2f} %" if found else "-")
        lines.append(f"{100 * share:13.0f} % {cells[0]:>20} {cells[1]:>17}")
    lines += ["", "few real images          accuracy   the coursework's"]
    for way, published in PUBLISHED.items():
        found = [*_accuracies(rows, part="few", way=way).values()]
        said = "-" if published is None else f"{100 * published:.1f} %"
        lines.append(f"{way:22} {100 * np.mean(found):8.2f} % {said:>18}")
    lines += ["", *verdict_lines(result["verdicts"])]
    return "\n".join(lines)
