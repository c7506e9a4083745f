"""The document's statements, judged by what was measured; and the tables for people."""

import numpy as np

from evaluation.lesson.trainings import FASTER, SLOWER, STRONG
from igc_tf.metrics import sign_of_mean

_SIDES = {1: "greater", 0: "not decided", -1: "less"}
# so many times smaller, a gradient has vanished
_VANISHED = 10


def judge_statements(rows):
    """Returns what the rows say of the document's statements.

    Args:
        rows: of the result, of any parts. Trainings with one seed decide nothing.

    Returns:
        A list of dicts: `statement`, the document's in other words; `verdict`, "holds", "does not
        hold" or "not decided"; `evidence`, a sentence with figures.
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
    found = []
    for part, judge in judges:
        mine = [row for row in rows if row["part"] == part]
        if not mine:
            continue
        found.append(judge(mine))
        if part in ("losses", "latents") and len({row["seed"] for row in mine}) < 2:
            found[-1]["verdict"] = "not decided"
    return found


def _statement(statement, verdict, evidence):
    return {"statement": statement, "verdict": verdict, "evidence": evidence}


def _gradients_vanish(rows):
    last = max(row["head_start"] for row in rows)
    lengths = {
        name: [mean_at(rows, at, lambda row, name=name: row["gradients"][name]) for at in (0, last)]
        for name in rows[0]["gradients"]
    }
    probability = mean_at(rows, last, lambda row: row["fake_probability"])
    figures = ", ".join(
        f"{name} {first:.3g} to {end:.3g}" for name, (first, end) in lengths.items()
    )
    judged = np.array([lengths["saturating"], lengths["non-saturating"]])
    is_gone, other_is_gone = judged[:, 1] < judged[:, 0] / _VANISHED
    verdict = "holds" if is_gone and not other_is_gone else "does not hold"
    return _statement(
        "With the discriminator's loss turned round, a generator learns hardly anything from a "
        "discriminator that is too good: its gradient vanishes",
        verdict if np.isfinite(judged).all() else "not decided",
        f"after {last:,} batches of the discriminator alone, which gives generated images a mean "
        f"probability of {probability:.2g}, the gradients' lengths went from: {figures}",
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


def _tells(rows, first, second):
    """Compares the Fréchet distances of two trainings over their seeds.

    Returns:
        `(side, text)`: the first is "greater", "less", or it is "not decided", by the logarithms of
        the distances of each seed; a training that diverged is greater than one that did not. The
        text has both means.
    """
    fids = [
        {row["seed"]: row["fid"] for row in rows if row["name"] == name} for name in (first, second)
    ]
    text = f"{first}: {_mean_fid(rows, first)}, {second}: {_mean_fid(rows, second)}"
    diverged = [list(found.values()).count(None) for found in fids]
    if any(diverged):
        return _SIDES[int(np.sign(diverged[0] - diverged[1]))], text
    seeds = sorted(fids[0].keys() & fids[1].keys())
    return _SIDES[sign_of_mean(np.log([fids[0][seed] / fids[1][seed] for seed in seeds]))], text


def _mean_of(rows, figure, form):
    finite = [row[figure] for row in rows if row[figure] is not None]
    return format(np.mean(finite), form) if finite else "diverged"


def _mean_fid(rows, name):
    """The mean over the seeds, in words."""
    fids = [row["fid"] for row in rows if row["name"] == name]
    finite = [fid for fid in fids if fid is not None]
    text = f"{np.mean(finite):.1f}" if finite else ""
    return text + (f" ({len(fids) - len(finite)} diverged)" if len(finite) < len(fids) else "")


def _saturating_learns_worse(rows):
    sides, texts = {}, []
    for optimizer in dict.fromkeys(row["optimizer"] for row in rows):
        ending = f", {optimizer}{STRONG}"
        sides[optimizer], text = _tells(rows, f"saturating{ending}", f"non-saturating{ending}")
        texts.append(text)
    return _statement(
        "It will then be very hard for the generator to improve",
        _verdict(sides.values(), "greater"),
        "Fréchet distances after the same batches; " + "; ".join(texts),
    )


def _rates_help(rows):
    sides, texts = [], []
    for optimizer in dict.fromkeys(row["optimizer"] for row in rows):
        name = f"saturating, {optimizer}{STRONG}"
        for cure in (SLOWER, FASTER):
            side, text = _tells(rows, f"{name}{cure}", name)
            sides.append(side)
            texts.append(text)
    return _statement(
        "The learning rates of the two sides can make up for it",
        _verdict(sides, "less"),
        "Fréchet distances; " + "; ".join(texts),
    )


def _verdict(sides, expected):
    """What several comparisons say together, of which each may be decided either way."""
    sides = list(sides)
    agreeing = sides.count(expected)
    against = len(sides) - agreeing - sides.count("not decided")
    if agreeing and not against:
        return "holds" if agreeing == len(sides) else f"holds in {agreeing} of {len(sides)} cases"
    if against and not agreeing:
        return "does not hold"
    return "not decided"


def _any_noise(rows):
    names = list(dict.fromkeys(row["name"] for row in rows if row["name"].startswith("noise: ")))
    others = [name for name in names if name != "noise: normal"]
    worse = [name for name in others if _tells(rows, name, "noise: normal")[0] == "greater"]
    return _statement(
        "The input may be any noise (checkpoint question, I)",
        # that none was found to be worse does not say that none is
        "does not hold" if worse else "not decided",
        f"Fréchet distances: {_fids(rows, names)}; worse than normal: "
        + (", ".join(name.removeprefix("noise: ") for name in worse) or "none"),
    )


def _sizes(rows):
    """The names of the trainings with latents of different sizes, by size."""
    sizes = {row["name"]: row["latent_size"] for row in rows}
    return sorted((name for name in sizes if name.startswith("latent size")), key=sizes.get)


def _any_size(rows):
    names = _sizes(rows)
    # the last is twice as large as the data, the one before as large
    same = names[-2]
    sides = [_tells(rows, name, same)[0] for name in names[:-2]]
    verdict = "holds" if all(side == "greater" for side in sides) else "not decided"
    return _statement(
        "The input must be as large as the output (checkpoint question, II: said to be false)",
        # that none was found to be worse does not say that one is as good
        "does not hold" if "less" in sides else verdict,
        f"Fréchet distances: {_fids(rows, names)}",
    )


def _larger_than_data(rows):
    *_, same, larger = _sizes(rows)
    side, text = _tells(rows, larger, same)
    verdict = {"greater": "not decided", "less": "does not hold", "not decided": "does not hold"}
    return _statement(
        "The input cannot be larger than the output (the answer to II)",
        verdict[side],
        f"it trains; Fréchet distances: {text}",
    )


def _may_change(rows):
    one = [row for row in rows if row["noise"] == "constant"]
    figures = ", ".join(f"{name} {_mean_of(one, name, '.2g')}" for name in ("classes", "diversity"))
    fresh = _mean_of([row["fresh"] for row in one], "fid", ".1f")
    names = list(dict.fromkeys(row["name"] for row in rows if row["noise"] in ("constant", "few")))
    side, _ = _tells(rows, names[0], "noise: normal")
    return _statement(
        "The input must stay the same in training (checkpoint question, III: said to be false, and "
        "to make the output predictable)",
        "does not hold" if side == "greater" else "not decided",
        f"with one latent it makes one image: {figures}; Fréchet distances: "
        f"{_fids(rows, names)}; of latents that the first has not seen in training {fresh}",
    )


def _fids(rows, names):
    return ", ".join(f"{name.removeprefix('noise: ')} {_mean_fid(rows, name)}" for name in names)


def _arithmetic_works(rows):
    tried = [row for row in rows if row["way"] is not None]
    equations = dict.fromkeys(row["equation"] for row in tried)
    better, texts = 0, []
    for equation in equations:
        of = {row["way"]: row for row in tried if row["equation"] == equation}
        means = next(row for way, row in of.items() if way.startswith("means"))
        chance = [row for way, row in of.items() if way.startswith("chance")]
        best = max(row["interval"][1] for row in chance)
        better += means["interval"][0] > best
        texts.append(
            f"{equation}: {100 * means['accuracy']:.0f} % beside "
            f"{100 * max(row['accuracy'] for row in chance):.0f} %"
        )
    count = len(equations)
    verdict = "holds" if count and better == count else "not decided" if better else "does not hold"
    return _statement(
        "G' - M' + W' makes what W' is, with the attribute that G' has and M' lacks",
        verdict if count else "not decided",
        f"more often than chance in {better} of {count} equations; " + "; ".join(texts),
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
            of = [row for row in rows if row["name"] == name]
            classes, diversity = (
                _mean_of(of, figure, ".2f") for figure in ("classes", "diversity")
            )
            lines.append(f"{name:62} {_mean_fid(of, name):>10} {classes:>8} {diversity:>10}")
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
    lines += ["", "statement: verdict (evidence)"]
    for found in result["statements"]:
        lines.append(f"- {found['statement']}: {found['verdict']} ({found['evidence']})")
    return "\n".join(lines[1:])
