"""The small GAN of the lesson, which trains in seconds; and the noises that it may be fed."""

from dataclasses import dataclass
from typing import Annotated, Literal

import keras
import numpy as np
import tensorflow as tf

from igc_tf.data.layout import ConditionLayout
from igc_tf.generators.dcgan import DCGANSize, build_dcgan_discriminator, build_dcgan_generator
from igc_tf.generators.generator import Generator, Prior
from igc_tf.ranges import SEED, Range, check_ranges
from igc_tf.training.fit import epoch_batches, steps_per_epoch
from igc_tf.training.gan import ConditionalGAN

# of what the dense networks make
BOUNDS = (-0.5, 0.5)
_FIBONACCI_MODULUS = 10_000
# after so many numbers the sequence repeats itself, modulo 10,000
_FIBONACCI_PERIOD = 15_000


def _fibonacci(shape, seed):
    """Fibonacci numbers modulo 10,000 in their order, from a random place on, standardised."""
    numbers = [0, 1]
    while len(numbers) < _FIBONACCI_PERIOD:
        numbers.append((numbers[-1] + numbers[-2]) % _FIBONACCI_MODULUS)
    table = np.asarray(numbers, np.float32)
    table = (table - table.mean()) / table.std()
    place = tf.random.stateless_uniform([], seed, 0, _FIBONACCI_PERIOD, tf.int32)
    places = (place + tf.range(tf.reduce_prod(shape))) % _FIBONACCI_PERIOD
    return tf.reshape(tf.gather(table, places), shape)


def _constant(shape, seed):
    """One vector, whatever the seed, in all rows."""
    vector = tf.random.stateless_normal(shape[-1:], [0, 0])
    return tf.broadcast_to(vector, shape)


def _few(shape, seed, count=64):
    """Vectors of which there are only so many."""
    vectors = tf.random.stateless_normal([count, shape[-1]], [0, 0])
    chosen = tf.random.stateless_uniform(shape[:-1], seed, 0, count, tf.int32)
    return tf.gather(vectors, chosen)


def _uniform(shape, seed):
    return tf.random.stateless_uniform(shape, seed, -(3**0.5), 3**0.5)


def _coins(shape, seed):
    return tf.sign(tf.random.stateless_uniform(shape, seed, -1.0, 1.0))


def _exponential(shape, seed):
    # from 1 to 0 and not from 0: no logarithm of 0
    return -tf.math.log(1.0 - tf.random.stateless_uniform(shape, seed)) - 1.0


def _cauchy(shape, seed):
    angle = tf.random.stateless_uniform(shape, seed, -0.5, 0.5)
    return tf.tan(np.pi * angle)


# (shape, seed) -> float32; all but Cauchy's, which has neither, of mean 0 and standard deviation 1
NOISES = {
    "normal": tf.random.stateless_normal,
    "uniform": _uniform,
    "coins": _coins,
    "exponential": _exponential,
    "cauchy": _cauchy,
    "fibonacci": _fibonacci,
    "few": _few,
    "constant": _constant,
}


@dataclass(frozen=True)
class Noise(Prior):
    """What latents are drawn from, of another form than the normal one.

    Attributes:
        form: of `NOISES`.
    """

    form: str = "normal"

    def sample(self, shape, seed):
        """Draws float32 of this shape; `seed` is two integers, and decides the draw."""
        return NOISES[self.form](tf.convert_to_tensor(shape), seed)


@dataclass(frozen=True)
class Training:
    """One training of the small GAN: dense, without conditions, one hidden layer on each side.

    Attributes:
        batches: of both sides.
        head_start: batches that the discriminator learns before, alone.
        generator_loss: a name of `ADVERSARIAL_LOSSES`.
        optimizer: of both sides: Adam, whose steps do not shrink with the gradient; or "sgd",
            plain descent, whose steps do.
        learning_rate: of the generator.
        discriminator_learning_rate: of the discriminator.
        latent_size: elements of the latent.
        noise: of the latents in training, of `NOISES`.
        units: of the hidden layers.
        batch_size: images in a batch.
        seed: of weights, order and latents.

    Raises:
        InputError: for a value outside its range.
    """

    batches: Annotated[int, Range(1)] = 2000
    head_start: Annotated[int, Range(0)] = 0
    generator_loss: str = "non-saturating"
    optimizer: Literal["adam", "sgd"] = "adam"
    learning_rate: Annotated[float, Range(0, above=True)] = 1e-3
    discriminator_learning_rate: Annotated[float, Range(0, above=True)] = 1e-3
    latent_size: Annotated[int, Range(1)] = 32
    noise: str = "normal"
    units: Annotated[int, Range(1)] = 128
    batch_size: Annotated[int, Range(1)] = 64
    seed: Annotated[int, SEED] = 0

    def __post_init__(self):
        check_ranges(self)

    def build(self, data_shape):
        """Returns the compiled `ConditionalGAN`, whose generator is not averaged.

        Args:
            data_shape: (H, W, channels).
        """
        keras.utils.set_random_seed(self.seed)
        size = DCGANSize(False, (self.units,), (self.units,))
        network = build_dcgan_generator(size, 1, data_shape, self.latent_size)
        gan = ConditionalGAN(
            Generator(network, ConditionLayout.classes(["any"]), BOUNDS, name="small-gan"),
            build_dcgan_discriminator(size, 1, data_shape, dropout=0.0),
            seed=self.seed,
            averaging_decay=0.0,
            condition_sigma=0.0,
            generator_loss=self.generator_loss,
        )
        if self.noise != "normal":
            # only now: a generator that is fed a constant would not pass its trial
            gan.trained.prior = gan.averaged.prior = Noise(form=self.noise)
        gan.compile(
            self._optimizer(self.learning_rate), self._optimizer(self.discriminator_learning_rate)
        )
        return gan

    def _optimizer(self, rate):
        if self.optimizer == "sgd":
            return keras.optimizers.SGD(rate)
        return keras.optimizers.Adam(rate, beta_1=0.5)

    def run(self, images, parts=1, look=None):
        """Trains.

        Args:
            images: float32 (N, H, W, channels) in [-0.5, 0.5].
            parts: of equal length, that the training is divided into.
            look: `(gan, batches) -> anything`, called after the head start and after each part
                with the batches of both sides so far.

        Returns:
            `(gan, seen)`: the trained `ConditionalGAN`, and what `look` returned.

        Raises:
            InputError: if there are fewer images than make a batch.
        """
        gan, seen = self.build(images.shape[1:]), []
        data = self._data(images)
        if self.head_start:
            # the weights of a network stay where its steps have no length
            optimizer = gan.generator_optimizer
            optimizer.learning_rate = 0.0
            gan.fit(data, steps_per_epoch=self.head_start, shuffle=False, verbose=0)
            # what Adam has seen of the gradients meanwhile would shorten its first steps
            for variable in optimizer.variables:
                variable.assign(keras.ops.zeros_like(variable))
            optimizer.learning_rate = self.learning_rate
        steps = -(-self.batches // parts)
        callbacks = []
        if look is not None:
            seen.append(look(gan, 0))
            callbacks.append(
                keras.callbacks.LambdaCallback(
                    on_epoch_end=lambda part, logs: seen.append(look(gan, (part + 1) * steps))
                )
            )
        gan.fit(
            data.skip(self.head_start),
            epochs=parts,
            steps_per_epoch=steps,
            callbacks=callbacks,
            shuffle=False,
            verbose=0,
        )
        return gan, seen

    def _data(self, images):
        """Batches of images and conditions, as many as the training takes."""
        steps = steps_per_epoch(len(images), self.batch_size)
        # twice as many as needed: the parts of a training are rounded up
        epochs = -(-(self.head_start + 2 * self.batches) // steps)
        conditions = np.ones([len(images), 1], np.float32)
        return epoch_batches(images, conditions, self.batch_size, range(epochs), self.seed)


def made_by(gan, count, seed, noise=None):
    """Images that a trained GAN makes.

    Args:
        gan: a `ConditionalGAN`.
        count: how many.
        seed: of the latents.
        noise: of `NOISES`; None for that of its training.

    Returns:
        float32 (count, H, W, channels).
    """
    generator = gan.averaged
    prior = generator.prior if noise is None else Noise(form=noise)
    latents = prior.sample([count, generator.latent_size], [seed, 1]).numpy()
    return generator.generate(np.zeros(count, int), latents)
