"""Features of a network that knows digits."""

import keras

from igc_tf.metrics.image_features import image_features


class LeNetFeatures:
    """The 84 numbers of LeNet's last layer but one.

    Args:
        lenet: a `build_lenet` model; default the one that ships, trained on MNIST.
        batch_size: images at once; bounds the memory.

    Attributes:
        source: says which features a figure was made with: "lenet".
        size: D, 84.
    """

    source = "lenet"

    def __init__(self, lenet=None, batch_size=1000):
        # here, as the classifiers know metrics: their intervals
        from igc_tf.classifiers.network import FEATURE_LAYER

        if lenet is None:
            from igc_tf.pretrained.load_lenet import load_lenet

            lenet = load_lenet()
        self.lenet = lenet
        self.batch_size = batch_size
        self._model = keras.Model(self.lenet.input, self.lenet.get_layer(FEATURE_LAYER).output)
        self.size = self._model.output_shape[1]

    def __call__(self, images, verbose=0):
        """Turns float32 images (N, 28, 28, 1) in [-0.5, 0.5] into float32 features (N, D).

        Raises:
            InputError: for images of another shape or range.
        """
        return image_features(self._model, images, self.batch_size, verbose)
