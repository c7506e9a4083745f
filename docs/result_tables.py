"""Tables and numbers of the documentation, made from the result files.

Every function returns Markdown. `docs/conf.py` puts the tables where a page asks for them, by
`{result-table} noise`, and the numbers where a page says `{{ name }}`; `docs/readme.py` puts tables
into the README.
"""

import attack_tables
import coursework_tables
import distributed_tables
import lesson_tables
import robustness_tables
import serving_tables
from result_files import by_sigma, lead, percent, read, result_folder, table, verdict_table

from igc_tf.generators.store import generator_card
from igc_tf.metrics import format_proportion
from igc_tf.reproduce import PAPER_ROWS

PAPER = {sigma: accuracy for sigma, accuracy, _ in PAPER_ROWS}


def _accuracy(row, prefix=""):
    share = {name: row[f"{prefix}{name}"] for name in ("accuracy", "interval")}
    return format_proportion(share, 2)


def noise():
    """Every settings, LeNet without noise in training, and the paper.

    The paper's settings on 1,000 images, as the paper's own figures; all others on all.
    """
    names = ("fast-all", "best-all", "paper-1000")
    settings = [read(f"reproduce/{name}")["rows"] for name in names]
    rows = [
        [
            f"{of[0]['sigma']:g}",
            *(_accuracy(row) for row in of[:2]),
            _accuracy(of[0], "lenet_"),
            _accuracy(of[2]),
            percent(PAPER[of[0]["sigma"]], 1),
        ]
        for of in zip(*settings, strict=True)
    ]
    head = ["sigma", "fast", "best", "LeNet-5", "paper's settings, 1,000", "the paper, 1,000"]
    return table(head, rows)


def noise_paper_settings():
    """The paper's settings on a thousand test images, as the paper has them, and on all."""
    return by_sigma({"1,000": "paper-1000", "10,000": "paper-all"})


def noise_paper_size():
    """1,000 test images, the author's architecture."""
    rows = [
        [
            f"{row['sigma']:g}",
            _accuracy(row),
            _accuracy(row, "lenet_"),
            percent(PAPER[row["sigma"]], 1),
        ]
        for row in read("reproduce/paper-size")["rows"]
    ]
    return table(
        ["sigma", "paper's settings", "LeNet-5, same images", "the paper (1,000 images)"], rows
    )


def frechet():
    """Fréchet distances per class, in LeNet's features."""
    compact, paper = read("fid/compact"), read("fid/paper-size")
    head = ["class", *(row["name"] for row in compact["rows"]), "mean", "all at once"]
    lines = [
        ("`mnist-cagan-compact`", compact, "fid"),
        ("`mnist-cagan-paper`", paper, "fid"),
        ("compact, half as many", compact, "half_fid"),
        ("paper, half as many", paper, "half_fid"),
        ("floor, half as many", compact, "floor_fid"),
    ]
    rows = [
        [name, *(f"{row[key]:.1f}" for row in (*result["rows"], result["mean"], result["all"]))]
        for name, result, key in lines
    ]
    return table(head, rows)


_RIVALS = {
    "mnist-lenet": "LeNet-5, as it ships",
    "mnist-lenet-fair": "LeNet-5, distortions and noise in training",
    "cnn": "CNN of 2.5 million weights, the same training",
    "nearest neighbour": "nearest of the training images",
}


def _rival(name):
    """What a rival is called in a table."""
    kind, _, settings = name.partition(", ")
    if kind == "library":
        return f"this library, {settings} settings"
    if settings:
        framework = {"torch": "PyTorch, compiled", "jax": "JAX, jit"}[kind]
        return f"the same in {framework}, {settings} settings"
    return _RIVALS[name]


def rivals_accuracy():
    """Accuracies of the library and its rivals on the same images, and by how much it leads."""
    found = read("rivals/mnist")["rows"]
    rows = []
    for row in found:
        ahead = row.get("library_ahead_by")
        points = "" if ahead is None else lead(ahead)
        rows.append([f"{row['sigma']:g}", _rival(row["name"]), _accuracy(row), points])
    return table(["sigma", "read by", "accuracy", "the library leads by, points"], rows)


def _rate(rate):
    return f"{rate:,.0f}" if rate >= 100 else f"{rate:.3g}"


def rivals_costs():
    """Images a second, memory and time to start of the library and its rivals."""
    result = read("rivals/mnist")
    batches = result["options"]["batches"]
    rows = [
        [
            _rival(name),
            *(_rate(cost["images_per_second"][str(batch)]) for batch in batches),
            f"{cost['peak_bytes'] / 1e6:,.0f}",
            f"{cost['start_seconds']:.1f}",
        ]
        for name, cost in result["costs"].items()
    ]
    handed = [f"images a second, {batch:,} at a time" for batch in batches]
    return table(["", *handed, "MB", "seconds to the first answer"], rows)


def rivals_agreement():
    """How far the same search in other frameworks answers the same."""
    rows = [
        [
            _rival(name),
            f"{found['same_predictions']} of {found['images']}",
            f"{found['largest_difference']:.1g}",
        ]
        for name, found in read("rivals/mnist")["agreement"].items()
    ]
    return table(["search", "same answers", "largest difference of data differences"], rows)


def several_labels():
    """Four labels per digit: both settings beside LeNet."""
    best, paper = read("multi_label/best")["rows"], read("multi_label/paper")["rows"]
    rows = []
    for sigma in dict.fromkeys(row["sigma"] for row in best):
        (ours, network), (theirs, _) = (
            [row for row in of if row["sigma"] == sigma] for of in (best, paper)
        )
        for name, row in (
            ("inverted generator, best settings", ours),
            ("inverted generator, paper's settings", theirs),
            ("LeNet-5", network),
        ):
            whole = _accuracy(row["all_labels"])
            labels = [percent(label["accuracy"], 1) for label in row["labels"]]
            rows.append([f"{sigma:g}", name, *labels, whole])
    names = [label["label"] for label in best[0]["labels"]]
    return table(["sigma", "read by", *names, "all four"], rows)


def settings_tried():
    """The search settings that were tried on validation digits, best first."""
    result = read("search_settings/compact")
    tried = sorted(result["tried"], key=lambda row: -row["score"])
    rows = [
        [
            row["settings"]["steps"],
            _kept(row["settings"]["plan"]),
            f"{row['settings']['learning_rate']:g}",
            "constant"
            if row["settings"]["final_learning_rate"] is None
            else f"to {row['settings']['final_learning_rate']:g}",
            f"`{row['settings']['decision']}`",
            f"{row['settings']['restriction_weight']:g}",
            percent(row["score"]),
            f"{row['seconds']:.0f}",
        ]
        for row in tried
    ]
    head = ["steps", "classes", "learning rate", "falls", "decision", "λ", "accuracy", "seconds"]
    return table(head, rows)


def _kept(plan):
    """How many classes go on after the first stage of a plan."""
    return "all" if plan is None or plan[0][1] is None else str(plan[0][1])


_OWN_SETS = {
    "shapes": "shapes",
    "shapes-64": "shapes, 64×64",
    "letters": "letters",
    "digits8": "digits8",
    "signs": "signs",
    "fashion_mnist": "Fashion-MNIST",
}
_OWN_READERS = ("library, best", "library, fast", "lenet", "cnn", "nearest class mean")


def own_pictures():
    """What reads new pictures of the sets of one's own that were measured."""
    rows = []
    for name, shown in _OWN_SETS.items():
        if not (result_folder(f"own_pictures/{name}") / "result.json").exists():
            continue
        found = read(f"own_pictures/{name}")
        readers = {row["reader"]: row for row in found["rows"]}
        best = readers["library, best"]
        took = (best["seconds"], best["processor_seconds"])
        rows.append(
            [
                shown,
                found["classes"],
                f"{found['pictures']['train'] + found['pictures']['validation']:,}",
                *(_accuracy(readers[of]) if of in readers else "–" for of in _OWN_READERS),
                *("–" if seconds is None else f"{seconds / 60:.0f}" for seconds in took),
            ]
        )
    head = ["set", "classes", "pictures learnt from", "best", "fast", "LeNet-5", "CNN"]
    return table([*head, "nearest mean", "minutes", "of one core"], rows)


def elimination():
    """How often a search that drops classes answers differently from one that keeps all."""
    result = read("elimination/compact")
    rows = []
    for place, kept in enumerate(result["options"]["kept"]):
        parts = [row["kept"][place] for row in result["rows"]]
        rows.append(
            [
                kept,
                *(
                    f"{part['disagreements']} of {part['count']:,} (at most "
                    f"{percent(part['upper_bound'])})"
                    for part in parts
                ),
            ]
        )
    head = ["classes kept", *(f"sigma {row['sigma']:g}" for row in result["rows"])]
    return table(head, rows)


def accuracy_speed():
    """Accuracy over milliseconds of several ways to classify."""
    result = read("accuracy_speed/compact")
    is_other = result["former_sha256"] != result["generator_sha256"]
    rows = []
    for row in result["rows"]:
        times, faster = result["times"][row["name"]], result["faster_by"][row["name"]]
        is_former = is_other and row["settings"]["start"] == "mean"
        rows.append(
            [
                f"the generator released before, {row['name']}" if is_former else row["name"],
                *(percent(part["accuracy"]) for part in row["accuracies"]),
                f"{times['milliseconds']:.2f}",
                f"{times['one_image']:.1f}",
                f"{faster['milliseconds']:.1f}",
            ]
        )
    sigmas = [f"sigma {sigma:g}" for sigma in result["options"]["sigma"]]
    return table(["search", *sigmas, "ms an image", "one alone, ms", "times faster"], rows)


def ablation():
    """What each part of the training brings."""
    result = read("ablation/compact")
    rows = []
    for label, distances in result["distances"].items():
        training = result["trainings"][label]
        found = [row for row in result["rows"] if row["label"] == label]
        said = [
            label,
            " + ".join(map(str, training["epochs"])),
            "–" if training["hours"] is None else f"{training['hours']:.1f}",
            f"{distances['fid']:.1f}",
            f"{distances['kid']:.3f}",
        ]
        for name in dict.fromkeys(row["settings"] for row in found):
            accuracies = [_accuracy(row) for row in found if row["settings"] == name]
            rows.append([*said, name, *accuracies])
            said = [""] * len(said)
    sigmas = [f"sigma {sigma:g}" for sigma in read("ablation/compact")["options"]["sigma"]]
    return table(["training", "epochs", "hours", "FID", "KID", "settings", *sigmas], rows)


def speed():
    """Images per second of three ways to search."""
    result = read("search_speed/one-image")
    rows = [
        [name, f"{rate:.3g}", f"{result['batched_is_faster_by'][name]:.3g}"]
        for name, rate in result["median"].items()
    ]
    return table(["way of searching", "images a second", "batched is faster by"], rows)


def exports():
    """How closely exports follow the Python classifier."""
    rows = []
    for form, name in (
        ("SavedModel", "exports/parity-saved-model"),
        ("HLO, paper's settings", "exports/parity-hlo"),
        ("HLO, best settings", "exports/parity-hlo-best"),
        ("HLO, fast settings", "exports/parity-hlo-fast"),
    ):
        result = read(name)
        for row in result["rows"]:
            rows.append(
                [
                    form,
                    f"{row['sigma']:g}",
                    f"{row['same_labels']} of {row['count']}",
                    f"{result['tolerance']:g}",
                    percent(row["share_within_tolerance"], 1),
                ]
            )
    return table(["export", "sigma", "same answers", "tolerance", "differences within it"], rows)


def saved_model_seconds():
    """Seconds of one call of a SavedModel."""
    rows = [
        [
            settings,
            f"{row['images']:,}",
            f"{row['median_seconds']:.2g}",
            f"{row['first_call_seconds']:.2g}",
        ]
        for settings, name in (("paper", "saved-model-speed"), ("fast", "saved-model-speed-fast"))
        for row in read(f"exports/{name}")["rows"]
    ]
    return table(["settings", "images in the call", "seconds", "seconds of the first call"], rows)


def _mean_and_deviation(mean, deviation):
    return f"{100 * mean:.1f} ± {100 * deviation:.1f} %"


def _spread(row):
    return _mean_and_deviation(row["accuracy"], row["deviation"])


def inverse_experiments():
    """The document's three experiments side by side."""
    result = read("inverse_classification/mnist")
    rows = {row["name"]: row for row in result["rows"] if row["split"] == "test"}
    fields = {
        "latent size": "latent_size",
        "latent update factor": "latent_update_factor",
        "latent first step": "latent_first_step",
    }
    columns = [
        [(f"{rows[name][fields[varied]]:g}", _spread(rows[name])) for name in names]
        for varied, names in result["experiments"].items()
    ]
    head = [text for varied in result["experiments"] for text in (varied, "accuracy")]
    return table(head, [sum(cells, ()) for cells in zip(*columns, strict=True)])


def inverse_comparison():
    """Relaxing the class against enumerating the classes."""
    result = read("inverse_classification/mnist")
    rows = {row["name"]: row for row in result["rows"] if row["split"] == "test"}
    lines = []
    for way, of in result["comparison"].items():
        row = rows[of["chosen"]]
        accuracy = _spread(row) if row["method"] == "relaxed" else percent(row["accuracy"], 1)
        lines.append(
            [f"{way} steps", f"{of['evaluations']:,}", f"{row['learning_rate']:g}", accuracy]
        )
    head = ["way of searching", "generator evaluations an image", "learning rate", "accuracy"]
    return table(head, lines)


def trajectories():
    """Test accuracies of five ways to train."""
    summary = read("trajectories/characters")["summary"]
    rows = [
        [
            classes,
            *(_mean_and_deviation(*figures) for figures in of.values()),
        ]
        for classes, of in summary.items()
    ]
    return table(["classes", *next(iter(summary.values()))], rows)


def losses():
    """Our best figures beside a plain network's on the same data, noise in training included."""
    rivals = {(row["name"], row["sigma"]): row for row in read("rivals/mnist")["rows"]}
    labels = [row for row in read("multi_label/best")["rows"] if row["sigma"] == 0]
    classes, letters = list(read("trajectories/characters")["summary"].items())[-1]
    rows = [
        [
            f"digits, sigma {sigma:g}",
            _accuracy(rivals["library, best", sigma]),
            f"CNN: {_accuracy(rivals['cnn', sigma])}",
        ]
        for sigma in (0.0, 0.2, 0.4)
    ]
    ours, network = (_accuracy(row["all_labels"]) for row in labels)
    rows.append(["four labels of a digit at once", ours, f"LeNet-5: {network}"])
    signs = {row["reader"]: row for row in read("own_pictures/signs")["rows"]}
    rows.append(
        [
            "a hundred letters, digits and signs",
            _accuracy(signs["library, best"]),
            f"CNN: {_accuracy(signs['cnn'])}",
        ]
    )
    best = max(("sparse1", "sparse4", "all data"), key=lambda name: letters[name][0])
    rows.append(
        [
            f"pen trajectories of {classes} letters",
            _mean_and_deviation(*letters[best]),
            f"LSTM: {_mean_and_deviation(*letters['comparison'])}",
        ]
    )
    return table(["task", "a search, best settings", "a plain network"], rows)


def versions():
    """What the figures of `igc-tf reproduce` were measured with."""
    found = read("reproduce/paper-1000")["environment"]["versions"]
    names = {
        "python": "Python",
        "tensorflow": "TensorFlow",
        "keras": "Keras",
        "numpy": "NumPy",
        "scipy": "SciPy",
        "tensorflow-datasets": "TensorFlow Datasets",
    }
    return f"Tested with {', '.join(f'{title} {found[name]}' for name, title in names.items())}."


def numbers():
    """{name: text} of the numbers that stand in sentences."""
    speed_result = read("search_speed/one-image")
    shipped = generator_card(speed_result["options"]["generator"])["weights"]["digest"]
    compact = read("reproduce/paper-1000")["rows"]
    best, fast = (read(f"reproduce/{name}-all")["rows"] for name in ("best", "fast"))
    inverse = read("inverse_classification/mnist")
    ways = inverse["comparison"].values()
    searched = {row["name"]: row for row in inverse["rows"] if row["split"] == "test"}
    relaxed = [
        searched[way["chosen"]] for way in ways if searched[way["chosen"]]["method"] == "relaxed"
    ]
    letters = read("trajectories/characters")
    rivals = read("rivals/mnist")
    elimination_result = read("elimination/compact")
    timed = read("accuracy_speed/compact")
    trained = read("ablation/compact")
    return (
        {
            "images_all": f"{read('reproduce/best-all')['data']['count']:,}",
            "rivals_images": f"{rivals['data']['count']:,}",
            "rivals_rounds": str(rivals["options"]["rounds"]),
            "rivals_load": f"{rivals['load_average']['begin']:.1f}",
            "elimination_chosen": str(elimination_result["chosen"]),
            "elimination_images": f"{elimination_result['data']['count']:,}",
            "elimination_level": f"{100 * elimination_result['options']['level']:g} %",
            "accuracy_speed_images": f"{timed['data']['count']:,}",
            "ablation_images": f"{trained['data']['count']:,}",
            "ablation_curve": ", ".join(
                f"{100 * share:.1f}" for share in trained["trainings"]["adversarial"]["curve"]
            ),
            "reproduce_seconds": f"{sum(row['seconds'] for row in compact):.0f}",
            "ms_paper": f"{1000 * compact[0]['seconds'] / compact[0]['count']:.0f}",
            "ms_best": f"{1000 * best[0]['seconds'] / best[0]['count']:.1f}",
            "ms_fast": f"{1000 * fast[0]['seconds'] / fast[0]['count']:.1f}",
            "speed_rounds": str(speed_result["options"]["rounds"]),
            "speed_date": speed_result["environment"]["date"][:10],
            "speed_weights": "the weights that ship"
            if speed_result["generator_sha256"] == shipped
            else "former weights of the same architecture",
            "inverse_images": str(inverse["data"]["count"]),
            "inverse_repeats": str(inverse["options"]["repeats"]),
            "inverse_best": _spread(max(relaxed, key=lambda row: row["accuracy"])),
            "letters_source": letters["data"]["source"],
            "letters_train": f"{letters['data']['train']:,}",
            "letters_test": f"{letters['data']['test']:,}",
            "letters_seeds": str(letters["options"]["seeds"]),
            "letters_subsampling": str(letters["options"]["subsampling"]),
        }
        | robustness_tables.numbers()
        | serving_tables.numbers()
    )


TABLES = (
    {
        "ablation": ablation,
        "accuracy-speed": accuracy_speed,
        "elimination": elimination,
        "exports": exports,
        "frechet": frechet,
        "inverse-comparison": inverse_comparison,
        "inverse-experiments": inverse_experiments,
        "inverse-findings": verdict_table("inverse_classification/mnist"),
        "losses": losses,
        "noise": noise,
        "noise-paper-settings": noise_paper_settings,
        "noise-paper-size": noise_paper_size,
        "own-pictures": own_pictures,
        "rivals-accuracy": rivals_accuracy,
        "rivals-agreement": rivals_agreement,
        "rivals-costs": rivals_costs,
        "saved-model-seconds": saved_model_seconds,
        "settings-tried": settings_tried,
        "several-labels": several_labels,
        "speed": speed,
        "trajectories": trajectories,
        "trajectory-claims": verdict_table("trajectories/characters"),
        "versions": versions,
    }
    | attack_tables.TABLES
    | coursework_tables.TABLES
    | lesson_tables.TABLES
    | robustness_tables.TABLES
    | serving_tables.TABLES
    | distributed_tables.TABLES
)
