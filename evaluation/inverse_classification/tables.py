"""The tables of the experiments of inverse classification, for people."""

from evaluation.inverse_classification.findings import BEST_ACCURACY, BEST_LATENT_SIZE
from evaluation.verdicts import verdict_lines

# what each experiment varies
VARIED = {
    "latent size": "latent_size",
    "latent update factor": "latent_update_factor",
    "latent first step": "latent_first_step",
}


def inverse_tables(result):
    """Returns what `inverse_classification` found as lines of text.

    Args:
        result: its result.
    """
    rows = {row["name"]: row for row in result["rows"] if row["split"] == "test"}
    repeats, count = result["options"]["repeats"], result["data"]["count"]
    lines = [
        f"{count:,} test images ({result['data']['source']}), {repeats} searches each: mean ± "
        "standard deviation of the accuracies; 95 % interval over the images; mean entropy",
    ]
    for title, names in result["experiments"].items():
        lines += ["", f"{title:>22}   accuracy          95 % interval   entropy, nats"]
        for name in names:
            row = rows[name]
            note = (
                f"   document: {100 * BEST_ACCURACY:.0f} %, its best"
                if title == "latent size" and row["latent_size"] == BEST_LATENT_SIZE
                else ""
            )
            lines.append(
                f"{row[VARIED[title]]:22g}   {_accuracy(row)}   {row['entropy']:6.2f}{note}"
            )
    lines += [
        "",
        "relaxed against enumerated    evaluations   learning rate   accuracy          "
        "95 % interval   difference",
    ]
    for title, way in result["comparison"].items():
        for name in dict.fromkeys((way["given"], way["chosen"])):
            row = rows[name]
            chosen = " (chosen)" if name == way["chosen"] else "         "
            lines.append(
                f"{title:29} {way['evaluations']:11,}   {row['learning_rate']:5g}{chosen}  "
                f"{_accuracy(row)}   {row['difference']:.4f}"
            )
    return "\n".join([*lines, "", *verdict_lines(result["verdicts"])])


def _accuracy(row):
    low, high = row["interval"]
    deviation = "      " if row["deviation"] is None else f"± {100 * row['deviation']:4.1f}"
    return f"{100 * row['accuracy']:5.1f} {deviation} %   {100 * low:4.1f} to {100 * high:4.1f}"
