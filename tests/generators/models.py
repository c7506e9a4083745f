"""Small generators of every form, for the tests of this folder."""

import math

import keras
from keras import layers, ops


def network(inputs, shape=(6, 5, 3), activation="tanh"):
    """A random image of what the tensors hold."""
    x = (
        layers.Concatenate()([layers.Flatten()(x) for x in inputs])
        if len(inputs) > 1
        else inputs[0]
    )
    x = layers.Dense(16, activation="softplus")(x)
    x = layers.Dense(math.prod(shape), activation=activation, kernel_initializer="random_normal")(x)
    return layers.Reshape(shape)(x)


def two_inputs(condition_size=4, latent_size=7, shape=(6, 5, 3), activation="tanh"):
    """A model [condition, latent] -> images."""
    condition = keras.Input([condition_size], name="condition")
    latent = keras.Input([latent_size], name="latent")
    return keras.Model([condition, latent], network([condition, latent], shape, activation))


def embedded(shape=(1,), dtype="int32", classes=4, latent_size=7, mask_zero=False, factors=1):
    """A model [noise, label] -> images, whose label is the number of a class."""
    label = keras.Input(shape, dtype=dtype, name="label")
    noise = keras.Input([latent_size], name="noise")
    looked_up = [layers.Embedding(classes, 5, mask_zero=mask_zero)(label) for _ in range(factors)]
    return keras.Model([noise, label], network([noise, *looked_up]))


@keras.saving.register_keras_serializable("tests")
class Pair(keras.Model):
    """A subclassed model that is called with one list of two tensors."""

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.dense = layers.Dense(12, activation="tanh")

    def call(self, inputs, training=False):
        return self.dense(ops.concatenate(inputs, axis=-1))


@keras.saving.register_keras_serializable("tests")
class Arguments(keras.Model):
    """A subclassed model of two arguments, without `training`."""

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.dense = layers.Dense(12, activation="tanh")

    def call(self, noise, labels):
        return self.dense(ops.concatenate([noise, 2 * labels], axis=-1))


@keras.saving.register_keras_serializable("tests")
class PartlyFunctional(Arguments):
    """Has weights before its first call, those of a functional model, but not all."""

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        inputs = keras.Input([7])
        self.core = keras.Model(inputs, layers.Dense(7, activation="softplus")(inputs))

    def call(self, noise, labels):
        return super().call(self.core(noise), labels)
