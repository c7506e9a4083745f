"""Tables of the page on robustness, made from the result files like those of `result_tables`."""

from result_files import by_sigma, percent, read, table

from igc_tf.metrics import format_proportion


def _reader(name):
    """What a reader is called in a table."""
    kind, _, settings = name.partition(", ")
    return f"library, `{settings}`" if kind == "library" else f"`{kind}`"


def _by_kind(result):
    """{kind: {reader: row}}, in the order in which they were read."""
    found = {}
    for row in result["rows"]:
        found.setdefault(row["kind"], {})[row["reader"]] = row
    return found


def _best_marked(shares, digits=1):
    """Shares as per cent, the greatest in bold."""
    return _marked([percent(share, digits) for share in shares], shares)


def _marked(texts, shares):
    """Texts, those of the greatest share in bold."""
    most = max(shares)
    return [
        f"**{text}**" if share == most else text for share, text in zip(shares, texts, strict=True)
    ]


def _kinds(result, titles=None):
    """Lines of a table: what every reader reads of each kind."""
    lines = []
    for kind, of in _by_kind(result).items():
        title = kind if titles is None else titles.get(kind, kind)
        lines.append([title, *_best_marked([row["accuracy"] for row in of.values()])])
    return lines


def _summary(result):
    """Lines of a table: over all kinds."""
    readers = result["readers"].values()
    return [
        ["*mean*", *_best_marked([of["mean"] for of in readers], 2)],
        ["*least*", *_best_marked([of["least"] for of in readers])],
        ["*ms an image*", *(f"{of['milliseconds']:.2g}" for of in readers)],
    ]


def _head(result, *more):
    return ["", *map(_reader, result["readers"]), *more]


def _corruptions(split):
    result = read(f"corruptions/{split}")
    titles = {
        kind: f"{kind} ({found['severity']})" for kind, found in result["corruptions"].items()
    }
    return table(_head(result), _kinds(result, titles) + _summary(result))


def corruptions_test():
    """The fifteen corruptions of MNIST-C, test digits."""
    return _corruptions("test")


def corruptions_observed():
    """The same for the generator that was trained for what happens to images."""
    return _corruptions("observed")


def corruptions_means():
    """Over all fifteen, for the README."""
    result = read("corruptions/observed")
    mean, least, _ = _summary(result)
    return table(_head(result), [mean, least])


def corruptions_validation():
    """The other corruptions, validation digits."""
    return _corruptions("validation")


def other_writers():
    """Digits of other writers."""
    return _with_intervals("other_writers/test")


def poses():
    """Digits in other poses, and what was published for affNIST."""
    published = read("pose/test")["published"]
    lines = [
        f"{name}: {percent(low, 1)}" + (f" to {percent(high, 1)}" if high > low else "")
        for name, (low, high) in published.items()
    ]
    return f"{_with_intervals('pose/test')}\n\nPublished for affNIST: {'; '.join(lines)}."


def _with_intervals(name):
    result = read(name)
    lines = []
    for kind, of in _by_kind(result).items():
        texts = [format_proportion(row, 2) for row in of.values()]
        lines.append([kind, *_marked(texts, [row["accuracy"] for row in of.values()])])
    return table(_head(result), lines)


def missing_pixels():
    """Digits of which pixels are missing, and a network that was trained with such masks."""
    result = read("missing_pixels/test")
    lines = _kinds(result)
    for line in lines:
        published = result["published"].get(line[0])
        line += ["", ""] if published is None else [percent(share, 1) for share in published]
    head = _head(result, "network trained with such masks", "the same, with rectangles")
    return table(head, lines)


def out_of_class():
    """How well each doubt tells what is no digit."""
    result = read("out_of_class/test")
    lines = []
    for reader, doubts in result["doubts"].items():
        of = [row["doubts"] for row in result["rows"] if row["reader"] == reader]
        for doubt, mean in doubts.items():
            lines.append(
                [
                    f"{_reader(reader)}, {doubt}",
                    *(percent(found[doubt]["auroc"], 1) for found in of),
                    *(percent(mean[figure], 2) for figure in ("auroc", "aupr", "refused")),
                    percent(mean["digits_refused"], 1),
                ]
            )
    head = ["doubt", *(f"{kind}, AUROC" for kind in result["kinds"])]
    head += ["mean AUROC", "mean AUPR", "rejected", "digits rejected"]
    return table(head, lines)


def calibration():
    """Accuracy, mean confidence and calibration error of every reader."""
    lines = []
    for name, kinds in read("out_of_class/test")["calibration"].items():
        line = [_reader(name)]
        for found in kinds.values():
            line += [percent(found["accuracy"], 1), percent(found["confidence"], 1)]
            line.append(percent(found["expected_calibration_error"]))
        lines.append(line)
    head = [f"{kind}: {figure}" for kind in kinds for figure in ("accuracy", "confidence", "error")]
    return table(["", *head], lines)


def refusals():
    """How many digits are rejected by the usual doubt, and how the others are read."""
    found = read("out_of_class/test")["refusals"]
    lines = [
        [_reader(name), *(percent(of[figure], 1) for of in kinds.values() for figure in of)]
        for name, kinds in found.items()
    ]
    kinds = next(iter(found.values()))
    head = [f"{kind}: {text}" for kind in kinds for text in ("rejected", "of the others read")]
    return table(["", *head], lines)


# {what is found: how its errors are written}
_ERRORS = {
    "rotation": "{:.1f}°",
    "shift": "{:.2f} pixels",
    "scale": "{:.1%}",
    "blur": "{:.2f} pixels",
    "overlap": "{:.2f}",
}


def nuisance():
    """Median errors of what is said of digits that were bent in known ways."""

    def cells(errors):
        texts = (
            form.format(errors[name]).replace("%", " %") if name in errors else ""
            for name, form in _ERRORS.items()
        )
        return list(texts)

    result = read("nuisance/validation")
    lines = [["*demanded: at most, of the overlap at least*", "", *cells(result["demanded"]), ""]]
    for row in result["rows"]:
        shares = [percent(row[name], 1) for name in ("accuracy", "covered")]
        lines.append([row["kind"], shares[0], *cells(row["errors"]), shares[1]])
        if row["kind"] == "pose":
            lines.append(["pose, own pose counted as an error", "", *cells(row["raw_errors"]), ""])
    return table(["done to the digits", "read", *_ERRORS, "said to be covered"], lines)


def robust_clean():
    """All test digits, to which nothing happened but noise: what robustness costs."""
    return by_sigma(
        {
            "`mnist-cagan-compact`, best": "best-all",
            "`mnist-cagan-observed`, fast": "observed-fast-all",
            "the same, robust": "robust-all",
        }
    )


def numbers():
    """{name: text} of the numbers that stand in sentences."""
    results = {name: read(f"corruptions/{name}") for name in ("test", "observed", "validation")}
    counts = {name: f"{result['data']['count']:,}" for name, result in results.items()}
    missing = read("missing_pixels/test")
    of_fast, of_masked = (missing["readers"][f"library, {name}"] for name in ("fast", "masked"))
    times = [
        of["library, masked"]["milliseconds"] / of["library, fast"]["milliseconds"]
        for of in _by_kind(missing).values()
    ]
    return {
        "corruptions_images": counts["test"],
        "observed_images": counts["observed"],
        "validation_images": counts["validation"],
        "validation_load": f"{results['validation']['load_average']['begin']:.1f}",
        "other_writers_images": f"{read('other_writers/test')['data']['count']:,}",
        "nuisance_images": f"{read('nuisance/validation')['data']['count']:,}",
        "pose_images": f"{read('pose/test')['data']['count']:,}",
        "missing_images": f"{missing['data']['count']:,}",
        "masked_times": f"{of_masked['milliseconds'] / of_fast['milliseconds']:.1f}",
        "masked_range": f"{min(times):.0f} to {max(times):.0f}",
        "foreign_images": f"{read('out_of_class/test')['data']['count']:,}",
    }


TABLES = {
    "calibration": calibration,
    "corruptions-test": corruptions_test,
    "corruptions-means": corruptions_means,
    "corruptions-observed": corruptions_observed,
    "corruptions-validation": corruptions_validation,
    "missing-pixels": missing_pixels,
    "nuisance": nuisance,
    "other-writers": other_writers,
    "out-of-class": out_of_class,
    "poses": poses,
    "refusals": refusals,
    "robust-clean": robust_clean,
}
