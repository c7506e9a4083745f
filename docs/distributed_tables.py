"""Tables of the page on many machines, made from the result file like those of `result_tables`."""

from result_files import read, result_folder, table

_NAME = "distributed/compact"


def _result():
    """The result, or None where there is none yet."""
    return read(_NAME) if (result_folder(_NAME) / "result.json").exists() else None


def measured():
    """What Ray takes beside one process, what kills lose, and what memory is taken."""
    result = _result()
    rows = [] if result is None else _measured(result)
    return table(["what", "measured"], rows)


def _measured(result):
    overhead = result["overhead"]
    process, ray = (overhead["images_a_second"][name] for name in ("process", "ray"))
    starts = overhead["start_seconds"]
    kills = next(row for row in result["rows"] if row["measured"] == "kills")
    options = result["options"]
    what = (
        f"{options['images']:,} images, settings {options['settings']}, medians of "
        f"{options['rounds']} rounds"
    )
    rows = [
        [
            f"one process: {what}",
            f"{process:.1f} images a second, {starts['process']:.1f} s before",
        ],
        ["one actor of Ray, likewise", f"{ray:.1f} images a second, {starts['ray']:.1f} s before"],
        ["one process to one actor", f"{overhead['ratio']:.3f}"],
        [
            f"{kills['killed']['workers']} workers and {kills['killed']['drivers']} drivers killed",
            f"of {kills['examples']:,} answers {kills['lost']} lost, {kills['twice']} there twice, "
            f"{kills['other']} other than undisturbed",
        ],
    ]
    rows += [
        [
            f"{int(images):,} images",
            f"{_mebibytes(memory['worker'])} at most in a worker, "
            f"{_mebibytes(memory['caller'])} in the driver",
        ]
        for images, memory in result["memory"].items()
    ]
    operations = result["operations"]
    each = operations["products"] + operations["others"]
    rows.append(
        [
            "floating-point operations of an image",
            f"{each / 1e6:.1f} million; {operations['reached'] / 1e9:.1f} thousand million a "
            "second in one process",
        ]
    )
    return rows


def _mebibytes(size):
    return f"{size / 2**20:,.0f} MiB"


def calculated():
    """Time and cost of very many images."""
    result = _result()
    rows = [
        [
            f"{row['images']:,}",
            f"{row['machines']} × {name}, {found['rate']:,.0f} images a second each"
            + ("" if found["measured"] else " (calculated)"),
            f"{row['hours']:,.2f} h",
            f"{row['cost']:,.2f} USD, at {found['price']:g} an hour",
            row["limit"],
        ]
        for name, found in (result["calculated"] if result else {}).items()
        for row in found["projections"]
    ]
    return table(["images", "on", "time", "cost", "limited by"], rows)


def shared_limits():
    """How many machines keep what they share busy, by how many images they classify."""
    result = _result()
    rows = [
        [
            name,
            f"{row['images']:,}",
            *(f"{row[part]:,.1f}" for part in ("driver", "reading", "writing")),
            row["first"],
        ]
        for name, found in (result["calculated"] if result else {}).items()
        for row in found["limits"]
    ]
    head = ["machine", "images", "driver busy from", "reading", "writing", "the first limit"]
    return table(head, rows)


TABLES = {
    "distributed-calculated": calculated,
    "distributed-limits": shared_limits,
    "distributed-measured": measured,
}
