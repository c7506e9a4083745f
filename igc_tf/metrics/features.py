"""The networks whose features a distance is measured with."""

import hashlib
import socket
from pathlib import Path

import keras
import numpy as np
from keras import layers
from tqdm import tqdm

from igc_tf.errors import InceptionWeightsError, InputError, first_line
from igc_tf.ranges import lie_within

# the smallest side that InceptionV3 takes
_INCEPTION_SIDE = 75
_DOWNLOAD_SECONDS = 20


class NetworkFeatures:
    """The output of one layer of a network, for any number of images.

    Args:
        network: a Keras model `(B, ...) -> ...` with one input.
        bounds: (low, high) of the images it takes; either may be infinite.
        source: which features these are, for results: "lenet".
        layer: the name of the layer whose outputs (B, D) are the features; the network's own
            output if None.
        batch_size: images at once; bounds the memory.
        takes: (low, high) of what the network itself takes, to which images are brought; None if
            that is in `bounds`, too.

    Attributes:
        network: as given.
        source: as given.
        data_shape: of one image.
        size: D.

    Raises:
        InputError: if the features are not one vector for each image.
    """

    def __init__(self, network, bounds, source, layer=None, batch_size=1000, takes=None):
        output = network.output if layer is None else network.get_layer(layer).output
        if len(output.shape) != 2 or output.shape[1] is None:
            raise InputError(f"features have shape {tuple(output.shape)}: expected (None, D)")
        self.network = network
        self._model = keras.Model(network.input, output)
        self.bounds = tuple(map(float, bounds))
        self._takes = self.bounds if takes is None else tuple(map(float, takes))
        self.source = source
        self.batch_size = batch_size
        self.data_shape = tuple(network.input.shape[1:])
        self.size = output.shape[1]

    def __call__(self, images, verbose=0):
        """Computes features.

        Args:
            images: (N, ...), N at least 1, in `bounds`.
            verbose: 1 shows a progress bar on a terminal.

        Returns:
            float32 (N, D).

        Raises:
            InputError: for no images, or images of another shape or range.
        """
        images = self._checked(images)
        starts = range(0, len(images), self.batch_size)
        # None: a bar on a terminal, and nothing in a file
        bar = tqdm(starts, unit=" batches", desc="features", disable=None if verbose else True)
        parts = [self._model.predict_on_batch(images[i : i + self.batch_size]) for i in bar]
        return np.concatenate(parts).astype(np.float32)

    def _checked(self, images):
        images = np.asarray(images, np.float32)
        if not len(images) or images.shape[1:] != self.data_shape:
            expected = ", ".join(map(str, self.data_shape))
            raise InputError(f"images have shape {images.shape}: expected (N, {expected}), N >= 1")
        low, high = self.bounds
        if not lie_within(images, self.bounds):
            raise InputError(
                f"images lie in [{images.min():g}, {images.max():g}]: expected [{low:g}, {high:g}]"
            )
        if self._takes != self.bounds:
            images = np.interp(images, self.bounds, self._takes).astype(np.float32)
        return images


class InceptionFeatures(NetworkFeatures):
    """The 2,048 numbers of InceptionV3's average pooling.

    Images are enlarged by repetition of pixels until both sides have at least the 75 that the
    network takes: 28×28 images three times, to the 84×84 of the paper. Grey images are repeated
    to three channels. Other weights give other distances: compare figures of the same `source`
    only.

    Args:
        data_shape: of one image: (H, W), (H, W, 1) or (H, W, 3).
        bounds: (low, high) of the images, finite.
        weights: "imagenet", fetched once by `keras.applications`; the path of a file of weights
            without the top; None for random ones, which are of no use but in tests.
        batch_size: images at once; bounds the memory.

    Attributes:
        source: says which features a figure was made with: "keras-imagenet", "random", or the
            path of the weights with the SHA-256 of the file.
        network: the InceptionV3 that is used, a Keras model of enlarged colour images in [-1, 1].

    Raises:
        InputError: for images that are neither grey nor colour, or bounds that are not finite.
        InceptionWeightsError: if the weights cannot be fetched or the file does not hold them.
    """

    def __init__(self, data_shape, bounds, weights="imagenet", batch_size=100):
        height, width, channels = _image_shape(data_shape)
        low, high = bounds
        if not np.isfinite([low, high]).all():
            raise InputError(f"bounds={bounds!r}: Inception needs finite bounds")
        factor = -(-_INCEPTION_SIDE // min(height, width))
        network = _inception((factor * height, factor * width, 3), weights)
        images = keras.Input(data_shape)
        x = layers.Reshape([height, width, channels])(images)
        x = layers.UpSampling2D(factor, interpolation="nearest")(x)
        if channels == 1:
            x = layers.Concatenate()([x, x, x])
        x = layers.Rescaling(2.0 / (high - low), offset=-(high + low) / (high - low))(x)
        model = keras.Model(images, network(x))
        super().__init__(model, bounds, _source(weights), batch_size=batch_size)
        self.network = network


def _image_shape(data_shape):
    """(height, width, channels) of images with or without an axis for channels."""
    shape = (*data_shape, 1) if len(data_shape) == 2 else tuple(data_shape)
    if len(shape) != 3 or shape[2] not in (1, 3):
        raise InputError(
            f"images have shape {tuple(data_shape)}: expected (H, W), (H, W, 1) or (H, W, 3)"
        )
    return shape


def _inception(input_shape, weights):
    # its downloads wait for ever where a network swallows them
    patience = socket.getdefaulttimeout()
    socket.setdefaulttimeout(_DOWNLOAD_SECONDS)
    try:
        return keras.applications.InceptionV3(
            include_top=False,
            weights=weights if weights in ("imagenet", None) else str(weights),
            input_shape=input_shape,
            pooling="avg",
        )
    # a bare Exception is what Keras raises after a failed download
    except Exception as error:
        if weights is None:
            raise
        what = (
            "InceptionV3's ImageNet weights could not be fetched"
            if weights == "imagenet"
            else f"{weights} holds no weights of InceptionV3 without its top"
        )
        raise InceptionWeightsError(
            f"{what}: {first_line(error)}. Either give this machine network access, so that "
            "keras.applications can fetch them, or give the file "
            "inception_v3_weights_tf_dim_ordering_tf_kernels_notop.h5 by "
            "--inception-weights FILE"
        ) from error
    finally:
        socket.setdefaulttimeout(patience)


def _source(weights):
    if weights is None:
        return "random"
    if weights == "imagenet":
        return "keras-imagenet"
    digest = hashlib.sha256(Path(weights).read_bytes()).hexdigest()
    return f"{weights} (SHA-256 {digest})"
