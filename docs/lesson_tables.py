"""Tables of the page on the GAN lesson, made as those of `result_tables` are."""

from result_files import percent, read, table, verdict_table


def _rows(part):
    return [
        row
        for row in read(f"lesson/{'gradients' if part == 'gradients' else 'mnist'}")["rows"]
        if row["part"] == part
    ]


def lesson_gradients():
    """How long the generator's gradient is, the better its discriminator knows it."""
    rows = _rows("gradients")
    names = list(rows[0]["gradients"])
    lines = [
        [
            f"{row['head_start']:,}",
            f"{row['fake_probability']:.2g}",
            *(f"{row['gradients'][name]:.2g}" for name in names),
        ]
        for row in rows
        if row["seed"] == rows[0]["seed"]
    ]
    return table(["batches of the discriminator alone", "D of made images", *names], lines)


def lesson_trainings():
    """Every training of the losses and of the generator's input, means of the seeds."""
    lines = []
    for part in ("losses", "latents"):
        rows = _rows(part)
        for name in dict.fromkeys(row["name"] for row in rows):
            of = [row for row in rows if row["name"] == name]
            lines.append([name, *(_mean(of, figure) for figure in ("fid", "classes", "diversity"))])
    return table(["training", "Fréchet distance", "even classes", "diversity"], lines)


def _mean(rows, figure):
    """The mean of those that did not diverge."""
    finite = [row[figure] for row in rows if row[figure] is not None]
    diverged = len(rows) - len(finite)
    text = f"{sum(finite) / len(finite):.2f}" if finite else ""
    return text + (f" ({diverged} diverged)" if diverged else "")


def lesson_arithmetic():
    """How often each equation is solved, in each way."""
    lines = [
        [row["equation"], row["way"], percent(row["accuracy"], 1), _interval(row["interval"])]
        for row in _rows("arithmetic")
        if row["way"] is not None
    ]
    return table(["equation", "way", "solved", "95 % interval"], lines)


def _interval(interval):
    return " to ".join(f"{100 * end:.1f}" for end in interval)


TABLES = {
    "lesson-arithmetic": lesson_arithmetic,
    "lesson-gradients": lesson_gradients,
    "lesson-statements": verdict_table("lesson/mnist"),
    "lesson-trainings": lesson_trainings,
}
