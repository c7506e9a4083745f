"""Plain classifiers to compare with: LeNet-5, which is also a source of features, and a CNN."""

import time
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf
from keras import layers

from igc_tf.classifiers.results import Evaluation
from igc_tf.data.labelled import IMAGE_BOUNDS
from igc_tf.errors import InputError, expected_one_of
from igc_tf.generators.keras_files import (
    CARD,
    build_model,
    keras_defaults,
    model_directory,
    model_names,
    read_keras_file,
    read_weights,
)
from igc_tf.ranges import checked_whole
from igc_tf.runs import read_json
from igc_tf.search.observations import Contrast

FEATURE_LAYER = "features"
# what a training writes
NETWORK_FILE = "network.keras"
SHIPPED_NETWORKS = Path(__file__).parent / "weights"


@keras.saving.register_keras_serializable("igc_tf")
class Stretch(layers.Layer):
    """Images in [-0.5, 0.5] without a lack of contrast, as `Contrast` undoes it.

    Args:
        contrast: what is left of it, above 0, at most 1.
        passes: whether gradients pass as if nothing were clipped.

    Raises:
        InputError: for another.
    """

    def __init__(self, contrast, passes=True, **options):
        super().__init__(**options)
        self._lack = Contrast(contrast, passes=passes)

    def call(self, images):
        """Returns images of the same shape."""
        return self._lack.undo(images, tf.constant([[self._lack.contrast]], images.dtype))

    def get_config(self):
        """See `keras.layers.Layer.get_config`."""
        own = {"contrast": self._lack.contrast, "passes": self._lack.passes}
        return {**super().get_config(), **own}


@keras_defaults()
def build_lenet(outputs, data_shape, activation="softmax", contrast=1.0):
    """Builds `images (B, H, W, channels) in [-0.5, 0.5] -> probabilities (B, outputs)`.

    The layers of LeNet-5 (LeCun et al. 1998, §II.B), with rectifiers and max pooling. The layer
    named "features" (`FEATURE_LAYER`) gives 84 numbers ≥ 0 per image, the one named "logits" the
    outputs before their activation.

    Args:
        outputs: classes, or binary labels.
        data_shape: (H, W, channels); H and W at least 16.
        activation: "softmax" for one class of many; "sigmoid" for binary labels, each by itself.
        contrast: if less than 1, images are first stretched as if that were left of theirs, see
            `igc_tf.search.observations.Contrast`; above 0.

    Returns:
        A Keras model.

    Raises:
        InputError: for an argument outside its range.
    """
    _check_network(outputs, data_shape, activation)
    images = keras.Input(data_shape, name="images")
    x = images if contrast == 1 else Stretch(contrast)(images)
    x = layers.Conv2D(6, 5, padding="same", activation="relu")(x)
    x = layers.MaxPooling2D()(x)
    x = layers.Conv2D(16, 5, activation="relu")(x)
    x = layers.MaxPooling2D()(x)
    x = layers.Dense(120, activation="relu")(layers.Flatten()(x))
    return _answering(images, x, 84, outputs, activation, "lenet")


@keras_defaults()
def build_cnn(outputs, data_shape, activation="softmax", contrast=1.0):
    """Builds a modern network of the same form as LeNet's, with about 2.5 million weights.

    Four 3×3 convolutions, each batch-normalised, of 32, 64, 128 and 128 channels, the first two
    followed by max pooling, the last by two dense layers: for 28×28×1 images as many weights as
    the compact generator and an encoder have together. Layers are named as LeNet's are.

    Args and raises: as for `build_lenet`.
    """
    _check_network(outputs, data_shape, activation)
    images = keras.Input(data_shape, name="images")
    x = images if contrast == 1 else Stretch(contrast)(images)
    for filters, is_pooled in ((32, True), (64, True), (128, False), (128, False)):
        x = layers.Conv2D(filters, 3, padding="same", use_bias=False)(x)
        x = layers.ReLU()(layers.BatchNormalization(momentum=0.9)(x))
        x = layers.MaxPooling2D()(x) if is_pooled else x
    return _answering(images, layers.Flatten()(x), 360, outputs, activation, "cnn")


def _check_network(outputs, data_shape, activation):
    checked_whole("outputs", outputs)
    if activation not in ("softmax", "sigmoid"):
        raise InputError(f"activation={activation!r}: expected 'softmax' or 'sigmoid'")
    if len(data_shape) != 3 or min(data_shape[:2]) < 16:
        raise InputError(
            f"data_shape={data_shape}: expected (height, width, channels), at least 16 × 16"
        )


def _answering(images, x, features, outputs, activation, name):
    """A network that ends in so many features and its answer."""
    x = layers.Dense(features, activation="relu", name=FEATURE_LAYER)(x)
    logits = layers.Dense(outputs, name="logits")(x)
    probabilities = layers.Activation(activation, name="probabilities")(logits)
    return keras.Model(images, probabilities, name=name)


def network_names():
    """Returns the names `load_network` knows."""
    return model_names(SHIPPED_NETWORKS)


def network_card(name):
    """Returns a plain network's card: network, training, figures, hashes.

    Args:
        name: one of `network_names()`, or a directory with a card and weights.

    Raises:
        InputError: for neither, or a generator's directory.
    """
    directory = model_directory(name, SHIPPED_NETWORKS)
    if directory is None:
        raise _unknown(name, CARD)
    return _read_card(directory)


def load_network(name="mnist-lenet"):
    """Loads a plain network that ships, or the one that a training chose.

    Args:
        name: one of `network_names()`; a directory with a card and weights; or that of a training,
            which has `network.keras`.

    Returns:
        A Keras model `images (B, H, W, channels) in [-0.5, 0.5] -> probabilities (B, outputs)`.

    Raises:
        InputError: for none of these, a generator's directory, a file that cannot be loaded, or
            weights that do not match their card.
    """
    directory = model_directory(name, SHIPPED_NETWORKS)
    if directory is None:
        trained = Path(name) / NETWORK_FILE
        if not trained.is_file():
            raise _unknown(name, f"{CARD} or a {NETWORK_FILE}")
        return read_keras_file(trained)
    card = _read_card(directory)
    model = build_model(card["model"])
    weights = card["weights"]
    read_weights(model, directory / weights["file"], weights["sha256"])
    return model


def network_within(network, bounds):
    """Returns a network of images in other bounds, which it first brings to its own.

    Args:
        network: a Keras model of images (B, H, W, channels) in [-0.5, 0.5].
        bounds: (low, high), finite; with the network's own it is returned itself.

    Returns:
        A Keras model of the same outputs, with no weights but the network's.
    """
    if tuple(bounds) == IMAGE_BOUNDS:
        return network
    low, high = bounds
    own_low, own_high = IMAGE_BOUNDS
    scale = (own_high - own_low) / (high - low)
    images = keras.Input(network.input_shape[1:], name="images")
    own = layers.Rescaling(scale, offset=own_low - scale * low)(images)
    return keras.Model(images, network(own), name=network.name)


def _read_card(directory):
    card = read_json(directory / CARD)
    if not isinstance(card, dict) or card.get("kind") == "generator":
        raise InputError(f"{directory / CARD} is no network's card")
    return card


def _unknown(name, files):
    """The error for a name that does not ship, and a directory without these files."""
    return InputError(
        f"no network {str(name)!r}: {expected_one_of(name, network_names())} or a directory with a "
        f"{files}"
    )


def evaluate_network(model, images, labels, batch_size=1000):
    """Counts how often a network's most probable answer is right.

    Args:
        model: a Keras model `images (B, ...) -> probabilities (B, outputs)`.
        images: (N, ...), N at least 1.
        labels: the right classes (N,), integers in [0, outputs); or binary labels (N, outputs),
            read one by one.
        batch_size: images at once; bounds the memory.

    Returns:
        An `Evaluation`.

    Raises:
        InputError: for no images, or labels of another shape.
    """
    labels = np.asarray(labels)
    expected = ((len(images),), (len(images), model.output_shape[-1]))
    if len(images) == 0 or labels.shape not in expected:
        raise InputError(
            f"labels have shape {labels.shape} for {len(images)} images: expected one of "
            f"{expected}, and at least one image"
        )
    begin = time.perf_counter()
    predictions, first_batch_seconds = [], None
    for start in range(0, len(images), batch_size):
        probabilities = model.predict_on_batch(images[start : start + batch_size])
        is_binary = labels.ndim == 2
        predictions.append(probabilities > 0.5 if is_binary else probabilities.argmax(axis=1))
        first_batch_seconds = first_batch_seconds or time.perf_counter() - begin
    predictions = np.concatenate(predictions).astype(np.int64)
    return Evaluation(predictions, labels, time.perf_counter() - begin, first_batch_seconds)
