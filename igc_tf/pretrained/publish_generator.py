"""Turns a training run's generator into one that ships."""

import hashlib
from dataclasses import asdict

import keras
import numpy as np

from igc_tf.models.cagan_size import CAGAN_SIZES
from igc_tf.pretrained.generator_card import FOLDER
from igc_tf.run_directory import RunDirectory


def publish_generator(run, name, commit, command, best_settings=None, metrics=None, folder=FOLDER):
    """Writes `NAME.npz` (float16 weights, in the model's order) and `NAME.json`, the card.

    Args:
        run: a `RunDirectory` of `train_cagan`.
        name: what `load_generator` will know it as.
        commit: of the code that trained it.
        command: that trained it.
        best_settings: search settings chosen on the validation images, JSON-ready; optional.
        metrics: figures of result files, JSON-ready; optional.
        folder: where to write.

    Returns:
        The card.

    Raises:
        ValueError: if the run has no generator yet.
    """
    options, best = run.read_json("options.json"), run.read_json("best.json")
    if options is None or best is None:
        raise ValueError(f"{run.path} holds no training run with a chosen generator")
    model = keras.models.load_model(run.path / "generator.keras", compile=False)
    weights = {f"{i:03d}": w.astype(np.float16) for i, w in enumerate(model.get_weights())}
    target = RunDirectory(folder)
    path = target.write(f"{name}.npz", lambda path: np.savez_compressed(path, **weights))
    condition, latent = model.inputs
    card = {
        "name": name,
        "architecture": asdict(CAGAN_SIZES[options["recipe"]["size"]]),
        "condition_size": condition.shape[1],
        "latent_size": latent.shape[1],
        "data_shape": list(model.output_shape[1:]),
        "parameters": model.count_params(),
        "weights": {
            "file": path.name,
            "dtype": "float16",
            "sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
        },
        "training": {"command": command, "commit": commit, **options},
        "chosen_epoch": best,
        "best_settings": best_settings,
        "metrics": metrics,
    }
    target.write_json(f"{name}.json", card)
    return card
