"""Features of a network that knows photographs."""

import hashlib
import socket
from pathlib import Path

import keras
from keras import layers

from igc_tf.errors import InceptionWeightsError, first_line
from igc_tf.metrics.image_features import image_features

# enlarges 28 × 28 to the 84 × 84 of the paper (002 §2); Inception takes 75 × 75 and more
_ENLARGEMENT = 3
_PATIENCE_SECONDS = 20


class InceptionFeatures:
    """The 2,048 numbers of InceptionV3's average pooling.

    Images are enlarged three times by repetition of pixels, repeated to three channels and
    brought to [-1, 1], as the paper measures its FID (002 §2). Other Inception weights give
    other distances: compare figures of the same `source` only.

    Args:
        weights: "imagenet", fetched once by `keras.applications`; the path of a file of weights
            without the top; None for random ones, which are of no use but in tests.
        batch_size: images at once; bounds the memory.
        data_shape: (H, W, 1) of the images.

    Attributes:
        source: says which features a figure was made with: "keras-imagenet", "random", or the
            path of the weights with the SHA-256 of the file.
        size: D, 2048.

    Raises:
        InceptionWeightsError: if the weights cannot be fetched or the file does not hold them.
    """

    def __init__(self, weights="imagenet", batch_size=100, data_shape=(28, 28, 1)):
        self.weights = weights
        self.batch_size = batch_size
        height, width, _ = data_shape
        inception = _inception((_ENLARGEMENT * height, _ENLARGEMENT * width, 3), weights)
        self.source = _source(weights)
        images = keras.Input(data_shape)
        x = layers.UpSampling2D(_ENLARGEMENT, interpolation="nearest")(images)
        x = layers.Concatenate()([x, x, x])
        self._model = keras.Model(images, inception(layers.Rescaling(2.0)(x)))
        self.size = self._model.output_shape[1]

    def __call__(self, images, verbose=0):
        """Turns float32 images (N, H, W, 1) in [-0.5, 0.5] into float32 features (N, D).

        Raises:
            InputError: for images of another shape or range.
        """
        return image_features(self._model, images, self.batch_size, verbose)


def _inception(input_shape, weights):
    # its downloads wait for ever where a network swallows them
    patience = socket.getdefaulttimeout()
    socket.setdefaulttimeout(_PATIENCE_SECONDS)
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
