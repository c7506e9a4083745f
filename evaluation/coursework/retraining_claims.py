"""What the coursework says of retraining, beside what was measured."""

import numpy as np

from evaluation.coursework.claims import VERDICTS, claim_lines
from igc_tf.metrics import sign_of_mean, wilson_interval

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


def judge_claims(rows):
    """Returns the coursework's claims: dicts with `claim`, `verdict`, "holds", "does not hold" or
    "not decided", and `evidence`.

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


def _verdict(differences):
    return VERDICTS[sign_of_mean(differences)]


def _points(differences):
    """Their mean, and its standard error where there are several."""
    spread = ""
    if len(differences) > 1:
        spread = f" ± {100 * differences.std(ddof=1) / np.sqrt(len(differences)):.2f}"
    return f"{100 * differences.mean():+.2f}{spread} points"


def _some_help(rows, part):
    none = _accuracies(rows, part="replaced", share=0.0)
    shares = sorted({row["share"] for row in rows if row["part"] == part and 0 < row["share"] < 1})
    means = {
        share: np.mean([*_accuracies(rows, part=part, share=share).values()]) for share in shares
    }
    # the one nearest to what the coursework found best
    near = min(shares, key=lambda share: abs(share - 0.3))
    differences = _better(_accuracies(rows, part=part, share=near), none)
    figures = ", ".join(f"{100 * share:.0f} %: {100 * mean:.2f}" for share, mean in means.items())
    action = "replace real images" if part == "replaced" else "are added"
    return {
        "claim": f"About 30 % of generated images, which {action}, help by some 0.3 points",
        "verdict": _verdict(differences),
        "evidence": f"{100 * near:.0f} % against none: {_points(differences)}; none: "
        f"{100 * np.mean([*none.values()]):.2f} %, {figures}",
    }


def _none_real(rows):
    accuracy = float(np.mean([*_accuracies(rows, part="replaced", share=1.0).values()]))
    return {
        "claim": "Without real images, accuracy falls to about 20 %",
        "verdict": "holds" if abs(accuracy - _WITHOUT_REAL) <= _ABOUT else "does not hold",
        "evidence": f"{100 * accuracy:.2f} %",
    }


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
    found = []
    for claim, first, second in claims:
        pair = [_accuracies(rows, part="few", way=way) for way in (first, second)]
        differences = _better(*pair)
        published = 100 * (PUBLISHED[first] - PUBLISHED[second])
        found.append(
            {
                "claim": claim,
                "verdict": _verdict(differences),
                "evidence": f"{first} against {second}: {_points(differences)} (the "
                f"coursework: {published:+.1f})",
            }
        )
    return found


def _fours_and_nines(rows):
    errors = np.sum([row["errors"] for row in rows if row.get("way") == "mixed, then real"], axis=0)
    mistaken, count = int(errors[list(_MISTAKEN)].sum()), int(errors.sum())
    if not count:
        return {
            "claim": "Most mistakes are nines and fours",
            "verdict": "not decided",
            "evidence": "none",
        }
    low, high = wilson_interval(mistaken, count)
    verdict = "holds" if low > 0.5 else "does not hold" if high < 0.5 else "not decided"
    shares = ", ".join(f"{digit}: {100 * of / count:.0f} %" for digit, of in enumerate(errors))
    return {
        "claim": "Most mistakes are nines and fours",
        "verdict": verdict,
        "evidence": f"{mistaken} of {count} ({100 * low:.0f} to {100 * high:.0f} %); {shares}",
    }


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
    lines += ["", *claim_lines(result["claims"])]
    return "\n".join(lines)
