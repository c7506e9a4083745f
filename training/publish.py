"""`python -m training.publish NAME RUN`: ships the model that a training run chose.

Without a run, the model stays as it ships, and its settings that depend on no training, "robust"
and "masked", become those of today.

The card says what the training recorded of itself: its recipe and those of the stages before it,
command, commit, data and environment; the command that does so today; what evaluations found about
this very model; and, of a generator, what its scores mean (`training.calibrate`).
"""

import importlib
import json
from dataclasses import dataclass
from pathlib import Path

import tyro

from igc_tf.classifiers.network import NETWORK_FILE, SHIPPED_NETWORKS
from igc_tf.cli.program import parse_options, run_program
from igc_tf.errors import InputError
from igc_tf.generators.keras_files import (
    keep_weights,
    model_config,
    read_keras_file,
    weights_digest,
)
from igc_tf.generators.store import (
    SHIPPED_GENERATORS,
    generator_card,
    load_generator,
    save_generator,
    write_card,
)
from igc_tf.runs import RunDirectory, read_json
from igc_tf.search import SearchSettings, shared_settings
from training.calibrate import calibrate_card


@dataclass(frozen=True)
class PublishOptions:
    """Writes the weights, in float16, and the card of a model into the package.

    Attributes:
        name: what the model will be known as.
        run: the directory of its training, of the last stage if there are several; none to write
            nothing but the robust and masked settings of today on the card of a generator that
            ships.
        search_settings: a directory of evaluation.search_settings, or of
            evaluation.inverse_classification, for a generator's best settings; those that its
            training judged it by if not given.
        results: directories of evaluations of the generator, for the figures on the card.
    """

    name: tyro.conf.Positional[str]
    run: tyro.conf.Positional[Path | None] = None
    search_settings: Path | None = None
    results: tuple[Path, ...] = ()


def publish_generator(
    run, name, search_settings=None, results=(), folder=SHIPPED_GENERATORS, known=None
):
    """Writes the weights and the card of the generator that a run chose.

    Args:
        run: the directory of `train_generator`.
        name: what `load_generator` will know it as.
        search_settings: a directory of evaluation.search_settings, or of
            evaluation.inverse_classification; None for what the training says.
        results: directories of evaluations whose result has `rows`.
        folder: where to make the directory NAME.
        known: `LabelledData` to calibrate by; None for the images that its data set keeps for that.

    Returns:
        The card.

    Raises:
        InputError: for an unfinished training, and for a directory that holds no finished result
            about this generator.
        DataUnavailableError: if there are no images to calibrate by.
    """
    options, best = _finished_training(run)
    generator = load_generator(run, name=name)
    # a result may be about the weights as they were trained, or as they ship
    digests = {weights_digest(generator.source, dtype) for dtype in ("float32", "float16")}
    entries = {
        "command_now": command_now(name),
        "metrics": [_figures(directory, digests) for directory in results],
    }
    if search_settings is not None:
        found = _finished_result(search_settings, digests)
        if "best_settings" not in found:
            raise InputError(
                f"{search_settings} holds a result of {found['program']}, which "
                "chooses no settings: expected one of evaluation.search_settings or "
                "evaluation.inverse_classification"
            )
        entries["settings"] = {**generator.recorded_settings, "best": found["best_settings"]}
    target = Path(folder) / name
    save_generator(generator, target, "float16", training=options, chosen_epoch=best, **entries)
    # by the rounded weights
    calibrate_card(target, data=known, verbose=0)
    return generator_card(target)


def renew_settings(name, folder=SHIPPED_GENERATORS):
    """Writes the settings of today that depend on no training on a generator's card.

    "masked" beside "robust". What the card says of the scores of former ones goes:
    `training.calibrate` finds it anew.

    Args:
        name: of a generator that ships.
        folder: which has the directory NAME.

    Returns:
        The card.

    Raises:
        InputError: for a generator that is not there, or has no robust settings.
    """
    directory = Path(folder) / name
    card = generator_card(directory)
    if "robust" not in card.get("settings", {}):
        raise InputError(f"{name!r} has no robust settings: expected a run that it is trained by")
    for settings, today in shared_settings(card["condition_size"]).items():
        known = card["settings"].get(settings)
        if known is None or SearchSettings.from_dict(known) != today:
            card["settings"][settings] = today.to_dict()
            card.get("calibration", {}).pop(settings, None)
    write_card(directory, card)
    return card


def publish_network(run, name, folder=SHIPPED_NETWORKS):
    """Writes the weights and the card of the plain network that a run chose.

    Args:
        run: the directory of `train_network`.
        name: what `load_network` will know it as.
        folder: where to make the directory NAME.

    Returns:
        The card.

    Raises:
        InputError: for an unfinished training.
    """
    options, best = _finished_training(run)
    model = read_keras_file(Path(run) / NETWORK_FILE)
    target = RunDirectory(Path(folder) / name)
    card = {
        "kind": "network",
        "name": name,
        "outputs": model.output_shape[-1],
        "activation": model.get_layer("probabilities").activation.__name__,
        "data_shape": list(model.input_shape[1:]),
        "parameters": model.count_params(),
        "weights": keep_weights(model, target, "network.npz", "float16"),
        "training": options,
        "command_now": command_now(name),
        "chosen_epoch": best,
        "metrics": {"test": read_json(Path(run) / "result.json")["test"]},
        "model": model_config(model),
    }
    write_card(target.path, card)
    return card


def command_now(name):
    """Returns the command that trains a model by the stages in this folder; None for another one.

    Args:
        name: what a model ships as.
    """
    for path in sorted(Path(__file__).parent.glob("mnist_*.py")):
        models = importlib.import_module(f"training.{path.stem}").MODELS
        if name in models:
            only = f" --names {name}" if len(models) > 1 else ""
            return f"python -m training.{path.stem} --output DIR{only}"
    return None


def _finished_training(run):
    """What a run recorded of itself, and its best epoch."""
    # a training writes its result only when it is finished
    if read_json(Path(run) / "result.json") is None:
        raise InputError(f"{run} holds no finished training: expected a result.json")
    return _without_folders(run), read_json(Path(run) / "best.json")


def _without_folders(run):
    """What a run recorded of itself, but for the folders of the machine that its files lay in."""
    options = json.dumps(read_json(Path(run) / "options.json"), ensure_ascii=False)
    for folder in Path(run).resolve().parents:
        if folder != folder.parent:
            options = options.replace(f"{folder}/", "")
    return json.loads(options)


def _figures(directory, digests):
    """What the card keeps of a result."""
    result = _finished_result(directory, digests)
    about = result["generator_sha256"]
    rows = result["rows"]
    if isinstance(about, dict):
        # of several generators, told apart by their latent size
        sizes = [size for size, digest in about.items() if digest in digests]
        rows = [row for row in rows if row["split"] == "test" and str(row["latent_size"]) in sizes]
    kept = ("program", "options", "search", "data")
    return {**{key: result[key] for key in kept if key in result}, "rows": rows}


def _finished_result(directory, digests):
    result = read_json(Path(directory) / "result.json")
    if result is None or not result.get("complete"):
        raise InputError(f"{directory} holds no finished result: expected a complete result.json")
    found = result.get("generator_sha256")
    if not digests & set(found.values() if isinstance(found, dict) else [found]):
        raise InputError(
            f"{directory} holds a result about another generator, of hash {found}: expected one of "
            f"{sorted(digests)}"
        )
    return result


def main():
    options = parse_options(PublishOptions)
    if options.run is None:
        if options.search_settings is not None or options.results:
            raise InputError("figures and best settings without a run: expected the run, too")
        card = renew_settings(options.name)
    elif (options.run / NETWORK_FILE).is_file():
        if options.search_settings is not None or options.results:
            raise InputError("a network's figures are its training's: expected no other results")
        card = publish_network(options.run, options.name)
    else:
        card = publish_generator(
            options.run, options.name, options.search_settings, options.results
        )
    print(
        f"{card['name']}: {card['parameters']:,} parameters, epoch {card['chosen_epoch']['epoch']}"
    )


if __name__ == "__main__":
    run_program(main)
