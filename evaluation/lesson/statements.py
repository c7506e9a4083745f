"""The document's statements, judged by what was measured; and the tables for people."""

from functools import partial

import numpy as np

from evaluation.lesson.trainings import FASTER, SLOWER, STRONG
from evaluation.verdicts import above, all_of, any_of, interval_above, judged, verdict_lines

# so many times smaller, a gradient has vanished
_VANISHED = 10
# so many times a Fréchet distance, another is no longer about as good
_POORER = 1.5


def judge_statements(rows):
    """Returns what the rows say of the document's statements.

    Trainings are compared in pairs, those of a seed. A generator's arithmetic is judged by its
    draws.

    Args:
        rows: of the result, of any parts.

    Returns:
        Verdicts (`judged`) on the statements of these parts.
    """
    judges = (
        ("gradients", _gradients_vanish),
        ("losses", _saturating_learns_worse),
        ("losses", _rates_help),
        ("latents", _any_noise),
        ("latents", _any_size),
        ("latents", _larger_than_data),
        ("latents", _may_change),
        ("arithmetic", _arithmetic_works),
    )
    parts = {row["part"] for row in rows}
    return [
        judge([row for row in rows if row["part"] == part])
        for part, judge in judges
        if part in parts
    ]


def _gradients_vanish(rows):
    last = max(row["head_start"] for row in rows)
    vanished, texts = {}, []
    for name in rows[0]["gradients"]:
        first, end = (
            np.array([row["gradients"][name] for row in rows if row["head_start"] == at], float)
            for at in (0, last)
        )
        vanished[name] = first / _VANISHED - end
        texts.append(f"{name} {first.mean():.3g} to {end.mean():.3g}")
    probability = mean_at(rows, last, lambda row: row["fake_probability"])
    return judged(
        "With the discriminator's loss turned round, a generator learns hardly anything from a "
        "discriminator that is too good: its gradient vanishes",
        all_of(
            [
                partial(above, vanished["saturating"], 0),
                partial(above, 0, vanished["non-saturating"]),
            ]
        ),
        f"after {last:,} batches of the discriminator alone, which gives generated images a mean "
        f"probability of {probability:.2g}, the gradients' lengths went from: {', '.join(texts)}",
    )


def mean_at(rows, head_start, figure):
    """Returns the mean of a figure over the seeds; not-a-number where one of them diverged.

    Args:
        rows: of the part "gradients".
        head_start: of which of them.
        figure: `row -> a number`, None where it diverged.
    """
    figures = [figure(row) for row in rows if row["head_start"] == head_start]
    return float(np.mean(np.array(figures, float)))


def _worse(rows, first, second, times=1, confidence=0.95):
    """Whether a training's Fréchet distances are more than so many times another's: a sign.

    By the logarithms of the distances of each seed; where trainings diverged, by which did, as what
    diverged is worse than what did not.
    """
    fids = [
        {row["seed"]: row["fid"] for row in rows if row["name"] == name} for name in (first, second)
    ]
    pairs = [(fids[0][seed], fids[1][seed]) for seed in fids[0].keys() & fids[1].keys()]
    if any(None in pair for pair in pairs):
        diverged = [int(one is None) - int(other is None) for one, other in pairs]
        return above(diverged, 0, confidence=confidence)
    ratios = [np.log(one / other) for one, other in pairs]
    return above(ratios, np.log(times), confidence=confidence)


def _mean_of(rows, figure, form):
    finite = [row[figure] for row in rows if row[figure] is not None]
    return format(np.mean(finite), form) if finite else "diverged"


def _mean_fid(rows, name):
    """The mean over the seeds, in words."""
    fids = [row["fid"] for row in rows if row["name"] == name]
    finite = [fid for fid in fids if fid is not None]
    text = f"{np.mean(finite):.1f}" if finite else ""
    return text + (f" ({len(fids) - len(finite)} diverged)" if len(finite) < len(fids) else "")


def _fids(rows, names):
    means = (f"{name.removeprefix('noise: ')}: {_mean_fid(rows, name)}" for name in names)
    return f"Fréchet distances: {'; '.join(means)}"


def _saturating_learns_worse(rows):
    endings = dict.fromkeys(f", {row['optimizer']}{STRONG}" for row in rows)
    pairs = [(f"saturating{ending}", f"non-saturating{ending}") for ending in endings]
    controls = {ill: ill.removesuffix(STRONG) for ill, _ in pairs}
    harmed = [control for ill, control in controls.items() if _worse(rows, ill, control) > 0]
    return judged(
        "It will then be very hard for the generator to improve",
        all_of([partial(_worse, rows, *pair) for pair in pairs]),
        f"after the same batches, {_fids(rows, sum(pairs, ()))}; without the strong discriminator, "
        f"{_fids(rows, controls.values())}; significantly worse with it: "
        f"{', '.join(harmed) or 'none'}",
    )


def _rates_help(rows):
    optimizers = dict.fromkeys(row["optimizer"] for row in rows)
    ills = [f"saturating, {optimizer}{STRONG}" for optimizer in optimizers]
    cures = {ill: (f"{ill}{SLOWER}", f"{ill}{FASTER}") for ill in ills}
    helped = {
        ill: partial(any_of, [partial(_worse, rows, ill, cure) for cure in both])
        for ill, both in cures.items()
    }
    harmed = [ill for ill in ills if _worse(rows, ill, f"non-{ill}") > 0]
    return judged(
        "The learning rates of the two sides can make up for it",
        # one that helps is enough, but wherever there is something to make up for
        all_of([helped[ill] for ill in harmed]),
        f"{_fids(rows, [name for ill in ills for name in (ill, *cures[ill])])}; significantly "
        f"worse than non-saturating: {', '.join(harmed) or 'none'}",
    )


def _any_noise(rows):
    normal = "noise: normal"
    names = list(dict.fromkeys(row["name"] for row in rows if row["name"].startswith("noise: ")))
    poorer = {name: _worse(rows, name, normal, _POORER) for name in names if name != normal}
    by_sign = {
        sign: ", ".join(name.removeprefix("noise: ") for name in poorer if poorer[name] == sign)
        for sign in (1, 0)
    }
    return judged(
        "The input may be any noise (checkpoint question, I)",
        all_of([partial(_worse, rows, normal, name, 1 / _POORER) for name in poorer]),
        f"{_fids(rows, names)}; more than {_POORER:g} times that of normal: "
        f"{by_sign[1] or 'none'}; not decided: {by_sign[0] or 'none'}",
    )


def _sizes(rows):
    """The names of the trainings with latents of different sizes, by size."""
    sizes = {row["name"]: row["latent_size"] for row in rows}
    return sorted((name for name in sizes if name.startswith("latent size")), key=sizes.get)


def _unchanging(rows):
    """The names of the trainings whose latents stay the same: first that with a single one."""
    return list(dict.fromkeys(row["name"] for row in rows if row["noise"] in ("constant", "few")))


def _any_size(rows):
    # the last is twice as large as the data, the one before as large
    *smaller, same, _ = _sizes(rows)
    return judged(
        "The input must be as large as the output (checkpoint question, II: said to be false)",
        # it need not, if what is learnt from a smaller one is about as good
        all_of([partial(_worse, rows, name, same, _POORER) for name in smaller]),
        _fids(rows, _sizes(rows)),
    )


def _larger_than_data(rows):
    *_, same, larger = _sizes(rows)
    one = _unchanging(rows)[0]
    return judged(
        "The input cannot be larger than the output (the answer to II)",
        # it can, if more is learnt from it than a single image
        _worse(rows, larger, one),
        _fids(rows, [larger, same, one]),
    )


def _may_change(rows):
    one = [row for row in rows if row["noise"] == "constant"]
    figures = ", ".join(f"{name} {_mean_of(one, name, '.2g')}" for name in ("classes", "diversity"))
    fresh = _mean_of([row["fresh"] for row in one], "fid", ".1f")
    names = _unchanging(rows)
    return judged(
        "The input must stay the same in training (checkpoint question, III: said to be false, and "
        "to make the output predictable)",
        _worse(rows, "noise: normal", names[0]),
        f"with one latent it makes one image: {figures}; {_fids(rows, ['noise: normal', *names])}; "
        f"of latents that the first has not seen in training {fresh}",
    )


def _arithmetic_works(rows):
    tried = [row for row in rows if row["way"] is not None]
    signs, texts = [], []
    for equation in dict.fromkeys(row["equation"] for row in tried):
        ways = {row["way"]: row for row in tried if row["equation"] == equation}
        means = next(row for way, row in ways.items() if way.startswith("means"))
        chance = [row for way, row in ways.items() if way.startswith("chance")]
        signs.append(min(interval_above(means["interval"], row["interval"]) for row in chance))
        texts.append(
            f"{equation}: {100 * means['accuracy']:.0f} % beside "
            f"{100 * max(row['accuracy'] for row in chance):.0f} %"
        )
    return judged(
        "G' - M' + W' makes what W' is, with the attribute that G' has and M' lacks",
        min(signs, default=0),
        f"more often than chance in {signs.count(1)} of {len(signs)} equations; {'; '.join(texts)}",
    )


def lesson_tables(result):
    """Returns what the lesson's experiments found as lines of text.

    Args:
        result: the result.
    """
    lines = []
    for part, titles in (("losses", "training"), ("latents", "input")):
        rows = [row for row in result["rows"] if row["part"] == part]
        if rows:
            lines += ["", f"{titles:62}      FID  classes  diversity   (means of the seeds)"]
        for name in dict.fromkeys(row["name"] for row in rows):
            trainings = [row for row in rows if row["name"] == name]
            classes, diversity = (
                _mean_of(trainings, figure, ".2f") for figure in ("classes", "diversity")
            )
            lines.append(f"{name:62} {_mean_fid(trainings, name):>10} {classes:>8} {diversity:>10}")
    rows = [row for row in result["rows"] if row["part"] == "arithmetic"]
    if rows:
        lines += ["", f"{'equation':36} {'way':54} goal reached   95 % interval"]
    for row in rows:
        if row["way"] is None:
            lines.append(f"{row['equation']:36} too few samples: {', '.join(row['missing'])}")
            continue
        low, high = row["interval"]
        lines.append(
            f"{row['equation']:36} {row['way']:54} {100 * row['accuracy']:9.1f} %   "
            f"{100 * low:5.1f} to {100 * high:5.1f}"
        )
    lines += ["", *verdict_lines(result["verdicts"])]
    return "\n".join(lines[1:])
