"""Turns a training run's model into one that ships."""

import hashlib

import keras
import numpy as np

from igc_tf.errors import InputError
from igc_tf.pretrained.card import FOLDER
from igc_tf.runs import RunDirectory


def publish_model(run, file, name, describe, origin, findings, folder=FOLDER):
    """Writes `NAME.npz` (float16 weights, in the model's order) and `NAME.json`, the card.

    Args:
        run: a `RunDirectory` of a training that keeps its best epoch's model.
        file: of that model, in the run.
        name: what the model will be known as.
        describe: `(model, recipe) -> dict`, what it takes to build the model; JSON-ready, with
            its `kind`.
        origin: the `command` that trained it and the code's `commit`.
        findings: what else to say on the card, JSON-ready.
        folder: where to write.

    Returns:
        The card.

    Raises:
        InputError: if the run has no such model yet.
    """
    options, best = run.read_json("options.json"), run.read_json("best.json")
    if options is None or best is None or not (run.path / file).is_file():
        raise InputError(f"{run.path} holds no training run with a chosen {file}")
    model = keras.models.load_model(run.path / file, compile=False)
    description = describe(model, options["recipe"])
    weights = {f"{i:03d}": w.astype(np.float16) for i, w in enumerate(model.get_weights())}
    target = RunDirectory(folder)
    path = target.write(f"{name}.npz", lambda path: np.savez_compressed(path, **weights))
    card = {
        "name": name,
        **description,
        "parameters": model.count_params(),
        "weights": {
            "file": path.name,
            "dtype": "float16",
            "sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
        },
        "training": {**origin, **options},
        "chosen_epoch": best,
        **findings,
    }
    target.write_json(f"{name}.json", card)
    return card
