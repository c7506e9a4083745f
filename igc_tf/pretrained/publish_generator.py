"""Turns a training run's generator into one that ships."""

from dataclasses import asdict
from functools import partial

from igc_tf.errors import InputError
from igc_tf.pretrained.card import FOLDER
from igc_tf.pretrained.families import DEFAULT_FAMILY, FAMILIES, build_from_card
from igc_tf.pretrained.publish_model import publish_model


def publish_generator(run, name, commit, command, best_settings=None, metrics=None, folder=FOLDER):
    """Writes the weights and the card of the generator that a run chose.

    Args:
        run: a `RunDirectory` of `train_cagan` or `train_conditional_gan`.
        name: what `load_generator` will know it as.
        commit: of the code that trained it.
        command: that trained it.
        best_settings: search settings chosen on the validation images, JSON-ready; optional.
        metrics: figures of result files, JSON-ready; optional.
        folder: where to write.

    Returns:
        The card.

    Raises:
        InputError: if the run has no generator yet, or its size has since changed.
    """
    origin = {"command": command, "commit": commit}
    findings = {"best_settings": best_settings, "metrics": metrics}
    family = (run.read_json("options.json") or {}).get("family", DEFAULT_FAMILY)
    describe = partial(_describe, family)
    return publish_model(run, "generator.keras", name, describe, origin, findings, folder)


def _describe(family, model, recipe):
    condition, latent = model.inputs
    card = {
        "kind": "generator",
        "family": family,
        "architecture": asdict(FAMILIES[family].sizes[recipe["size"]]),
        "condition_size": condition.shape[1],
        "latent_size": latent.shape[1],
        "data_shape": list(model.output_shape[1:]),
    }
    built = [weight.shape for weight in build_from_card(card).weights]
    trained = [weight.shape for weight in model.weights]
    if built != trained:
        raise InputError(
            f"the run's generator has weights of shapes {trained}: expected {built}, what the size "
            f"{recipe['size']!r} means now; publish it with the code that trained it"
        )
    return card
