"""Turns a training run's LeNet into one that ships."""

import hashlib
from pathlib import Path

from igc_tf.errors import InputError
from igc_tf.generators.keras_files import (
    model_config,
    read_keras_file,
    weights_digest,
    write_weights,
)
from igc_tf.generators.store import write_card
from igc_tf.pretrained.load_lenet import LENETS
from igc_tf.runs import RunDirectory


def publish_lenet(run, name, commit, command, metrics=None, folder=LENETS):
    """Writes the weights and the card of the LeNet that a run chose, as float16.

    Args:
        run: a `RunDirectory` of `fit_lenet`.
        name: what `load_lenet` will know it as.
        commit: of the code that trained it.
        command: that trained it.
        metrics: figures of result files, JSON-ready; optional.
        folder: where to make the directory NAME.

    Returns:
        The card.

    Raises:
        InputError: if the run has no LeNet yet.
    """
    options, best = run.read_json("options.json"), run.read_json("best.json")
    if options is None or best is None or not (run.path / "lenet.keras").is_file():
        raise InputError(f"{run.path} holds no training run with a chosen lenet.keras")
    model = read_keras_file(run.path / "lenet.keras")
    target = RunDirectory(Path(folder) / name)
    path = target.write("network.npz", lambda path: write_weights(model, path, "float16"))
    card = {
        "kind": "lenet",
        "name": name,
        "outputs": model.output_shape[-1],
        "activation": model.get_layer("probabilities").activation.__name__,
        "data_shape": list(model.input_shape[1:]),
        "parameters": model.count_params(),
        "weights": {
            "file": path.name,
            "dtype": "float16",
            "sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
            "digest": weights_digest(model, "float16"),
        },
        "training": {"command": command, "commit": commit, **options},
        "chosen_epoch": best,
        "metrics": metrics,
        "model": model_config(model),
    }
    write_card(target.path, card)
    return card
