"""Layers of the generators that ship, and what their networks are built with."""

import keras
import tensorflow as tf
from keras import layers, ops

from igc_tf.data.layout import ConditionLayout
from igc_tf.errors import InputError
from igc_tf.generators.replicas import draw_rows, replica_count
from igc_tf.ranges import checked_whole


def check_image_shape(data_shape, divisor=1):
    """Checks that networks can be built for images.

    Args:
        data_shape: should be (height, width, channels).
        divisor: of height and width, as strides and scales change them.

    Raises:
        InputError: for another shape.
    """
    if len(data_shape) != 3 or data_shape[0] % divisor or data_shape[1] % divisor:
        divisible = f" with height and width divisible by {divisor}" if divisor > 1 else ""
        raise InputError(f"data_shape={data_shape}: expected (height, width, channels){divisible}")


def check_latent_size(latent_size):
    """Checks that a generator can have a latent of so many elements.

    Raises:
        InputError: for less than 1.
    """
    checked_whole("latent_size", latent_size)


@keras.saving.register_keras_serializable("igc_tf")
class LatentNormalization(keras.layers.Layer):
    """`z / sqrt(mean(z²) + epsilon)`, over the last axis.

    Latents from the prior N(0, 1) pass almost unchanged. Near the origin, where a search starts,
    the layer multiplies by 1/√epsilon; far out it bounds the length. The paper's 100 steps of
    0.001 move each element by about 0.1: `epsilon` decides how much of the latent space the
    search reaches with that. In the paper-size generator the first instance normalisation has
    the same effect.

    Args:
        epsilon: at least the smallest positive float; 0.01 multiplies by 10 at the origin.

    Raises:
        InputError: for an epsilon that is not positive.
    """

    def __init__(self, epsilon=0.01, **kwargs):
        super().__init__(**kwargs)
        if not epsilon > 0:
            raise InputError(f"epsilon={epsilon!r}: expected a number > 0")
        self.epsilon = epsilon

    def call(self, latent):
        mean_square = ops.mean(ops.square(latent), axis=-1, keepdims=True)
        return latent * ops.rsqrt(mean_square + self.epsilon)

    def compute_output_shape(self, input_shape):
        return input_shape

    def get_config(self):
        return {**super().get_config(), "epsilon": self.epsilon}


@keras.saving.register_keras_serializable("igc_tf")
class ConditionNoise(keras.layers.Layer):
    """Adds Gaussian noise to class vectors in training, then clips and renormalises them.

    "Inverse classification using generative models" (§3): what the generator is trained with
    stays a vector of probabilities, `c <- clip(c + std · n, 0, 1)`, divided by its sum. Outside of
    training, and with a standard deviation of 0, nothing is changed, not even vectors that do
    not sum to 1.

    Args:
        standard_deviation: of the noise, at least 0; the document tries 0, 0.1, 0.2, 0.3 and 0.4.
        seed: of the noise.

    Raises:
        InputError: for a negative standard deviation.
    """

    def __init__(self, standard_deviation, seed=0, **kwargs):
        super().__init__(**kwargs)
        if not standard_deviation >= 0:
            raise InputError(f"standard_deviation={standard_deviation!r}: expected a number >= 0")
        self.standard_deviation = standard_deviation
        self.seed = seed
        self.seed_generator = keras.random.SeedGenerator(seed)

    def call(self, condition, training=False):
        """Returns conditions (B, C), noised if `training`."""
        if not training or self.standard_deviation == 0:
            return condition
        size = condition.shape[1]
        noise = draw_rows(
            lambda count: keras.random.normal([count, size], seed=self.seed_generator),
            tf.shape(condition)[0],
        )
        noised = condition + self.standard_deviation * tf.cast(noise, condition.dtype)
        return ConditionLayout.classes(size).project(noised)

    def get_config(self):
        return {
            **super().get_config(),
            "standard_deviation": self.standard_deviation,
            "seed": self.seed,
        }


@keras.saving.register_keras_serializable("igc_tf")
class BatchDropout(keras.layers.Dropout):
    """Keras' dropout, whose replicas together leave out what one replica would (`draw_rows`)."""

    def call(self, inputs, training=False):
        """Leaves out a share of the elements of (B, ...) if `training`."""
        if not training or self.rate == 0 or replica_count() == 1:
            return super().call(inputs, training=training)
        shape = inputs.shape[1:]

        def kept(count):
            ones = tf.ones([count, *shape], inputs.dtype)
            return keras.random.dropout(ones, self.rate, seed=self.seed_generator)

        return inputs * draw_rows(kept, tf.shape(inputs)[0])


@keras.saving.register_keras_serializable("igc_tf")
class ReferenceBatch(keras.layers.Layer):
    """Puts a fixed batch before every batch, whose examples `VirtualBatchNormalization` looks at.

    What follows maps each of the R + B examples by itself, up to `LeaveReference`.

    Args:
        reference: the fixed batch (R, ...), kept with the weights; or R alone, to be filled.

    Raises:
        InputError: for no examples.
    """

    def __init__(self, reference, **kwargs):
        super().__init__(**kwargs)
        self._given = None if isinstance(reference, int) else reference
        self.count = reference if isinstance(reference, int) else len(reference)
        if self.count < 1:
            raise InputError(f"reference of {self.count} examples: expected at least 1")

    def build(self, input_shape):
        shape = [self.count, *input_shape[1:]]
        self.reference = self.add_weight(shape, "zeros", trainable=False, name="reference")
        if self._given is not None:
            self.reference.assign(self._given)

    def call(self, inputs):
        """Maps (B, ...) to (R + B, ...)."""
        return ops.concatenate([ops.cast(self.reference, inputs.dtype), inputs], axis=0)

    def compute_output_shape(self, input_shape):
        count = None if input_shape[0] is None else input_shape[0] + self.count
        return (count, *input_shape[1:])

    def get_config(self):
        return {**super().get_config(), "reference": self.count}


@keras.saving.register_keras_serializable("igc_tf")
class LeaveReference(keras.layers.Layer):
    """Leaves out the examples that `ReferenceBatch` put before a batch.

    Args:
        count: R, how many these are.
    """

    def __init__(self, count, **kwargs):
        super().__init__(**kwargs)
        self.count = count

    def call(self, inputs):
        """Maps (R + B, ...) to (B, ...)."""
        return inputs[self.count :]

    def compute_output_shape(self, input_shape):
        count = None if input_shape[0] is None else input_shape[0] - self.count
        return (count, *input_shape[1:])

    def get_config(self):
        return {**super().get_config(), "count": self.count}


@keras.saving.register_keras_serializable("igc_tf")
class VirtualBatchNormalization(keras.layers.Layer):
    """Normalises each example by the statistics of a reference batch and of itself.

    Salimans et al. 2016, §3.4: unlike in batch normalisation an example does not depend on the
    others of its batch. Mean and mean square of each channel, over the R references and over an
    example's own elements, are mixed as if the example were one more of the batch, R : 1; the
    references are normalised by their own statistics alone. Then each channel is scaled and
    shifted. In training and outside of it the same is done.

    Args:
        reference_count: R; the first R examples of a batch are the references, see
            `ReferenceBatch`.
        epsilon: added to the variance.

    Raises:
        InputError: for an argument outside its range.
    """

    def __init__(self, reference_count, epsilon=1e-3, **kwargs):
        super().__init__(**kwargs)
        if reference_count < 1 or not epsilon > 0:
            raise InputError(
                f"reference_count={reference_count!r}, epsilon={epsilon!r}: expected a whole "
                "number >= 1 and a number > 0"
            )
        self.reference_count = reference_count
        self.epsilon = epsilon

    def build(self, input_shape):
        channels = (input_shape[-1],)
        self.gamma = self.add_weight(channels, "ones", name="gamma")
        self.beta = self.add_weight(channels, "zeros", name="beta")

    def call(self, inputs):
        """Normalises (R + B, ..., channels)."""
        # statistics in float32 also where the layer computes in less
        x = ops.cast(inputs, "float32")
        references, examples = x[: self.reference_count], x[self.reference_count :]
        within = tuple(range(1, len(x.shape) - 1))
        ours = [ops.mean(power, (0, *within)) for power in (references, ops.square(references))]
        each = [ops.mean(p, within, keepdims=True) for p in (examples, ops.square(examples))]
        share = 1 / (self.reference_count + 1)
        mixed = [share * own + (1 - share) * common for own, common in zip(each, ours, strict=True)]
        normalized = ops.concatenate(
            [self._normalized(references, *ours), self._normalized(examples, *mixed)], axis=0
        )
        gamma, beta = ops.cast(self.gamma, "float32"), ops.cast(self.beta, "float32")
        return ops.cast(normalized * gamma + beta, inputs.dtype)

    def _normalized(self, x, mean, mean_square):
        variance = ops.maximum(mean_square - ops.square(mean), 0.0)
        return (x - mean) * ops.rsqrt(variance + self.epsilon)

    def compute_output_shape(self, input_shape):
        return input_shape

    def get_config(self):
        return {
            **super().get_config(),
            "reference_count": self.reference_count,
            "epsilon": self.epsilon,
        }


def modulated_dense(x, condition, units):
    """A dense layer whose units the condition scales and shifts (FiLM, Perez et al. 2018).

    Args:
        x: the layer's input (B, D).
        condition: (B, C).
        units: U, of the layer.

    Returns:
        (B, U), after a leaky rectifier.
    """
    spread = keras.initializers.RandomNormal(stddev=0.3)
    scale = layers.Dense(units, kernel_initializer=spread, bias_initializer="ones")(condition)
    shift = layers.Dense(units, kernel_initializer=spread)(condition)
    x = layers.Multiply()([layers.Dense(units, use_bias=False)(x), scale])
    return layers.LeakyReLU(0.2)(layers.Add()([x, shift]))


class EmbeddedMixture(keras.layers.Layer):
    """A condition's mixture of a layer's embeddings: what the layer looks up, if it is one-hot.

    Args:
        embedding: a `keras.layers.Embedding` of at least C embeddings.
        shape: of one example's embedding.
    """

    def __init__(self, embedding, shape, **kwargs):
        super().__init__(dtype=embedding.dtype_policy, **kwargs)
        self.embedding = embedding
        self.shape = tuple(shape)

    def call(self, condition):
        """Maps conditions (B, C) to (B, *shape)."""
        table = ops.cast(self.embedding.embeddings, self.compute_dtype)
        mixture = ops.matmul(condition, table[: condition.shape[1]])
        return ops.reshape(mixture, (-1, *self.shape))

    def compute_output_shape(self, condition_shape):
        return (condition_shape[0], *self.shape)


class LabelIndex(keras.layers.Layer):
    """The number of a condition's largest element. No gradient passes.

    Args:
        shape: of one example's number: () or (1,).
        index_dtype: of the numbers.
    """

    def __init__(self, shape, index_dtype, **kwargs):
        super().__init__(dtype="float32", **kwargs)
        self.shape = tuple(shape)
        self.index_dtype = index_dtype

    def call(self, condition):
        """Maps conditions (B, C) to numbers (B, *shape)."""
        index = ops.argmax(condition, axis=-1)
        return ops.reshape(ops.cast(index, self.index_dtype), (-1, *self.shape))

    def compute_output_shape(self, condition_shape):
        return (condition_shape[0], *self.shape)

    def compute_output_spec(self, condition):
        return keras.KerasTensor(self.compute_output_shape(condition.shape), self.index_dtype)
