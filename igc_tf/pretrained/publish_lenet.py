"""Turns a training run's LeNet into one that ships."""

from igc_tf.pretrained.card import FOLDER
from igc_tf.pretrained.publish_model import publish_model


def publish_lenet(run, name, commit, command, metrics=None, folder=FOLDER):
    """Writes the weights and the card of the LeNet that a run chose.

    Args:
        run: a `RunDirectory` of `fit_lenet`.
        name: what `load_lenet` will know it as.
        commit: of the code that trained it.
        command: that trained it.
        metrics: figures of result files, JSON-ready; optional.
        folder: where to write.

    Returns:
        The card.

    Raises:
        InputError: if the run has no LeNet yet.
    """
    origin = {"command": command, "commit": commit}
    return publish_model(run, "lenet.keras", name, _describe, origin, {"metrics": metrics}, folder)


def _describe(model, recipe):
    return {
        "kind": "lenet",
        "outputs": model.output_shape[-1],
        "activation": model.get_layer("probabilities").activation.__name__,
        "data_shape": list(model.input_shape[1:]),
    }
