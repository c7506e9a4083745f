"""What every pair of generator and discriminator here has in common."""

import keras
import tensorflow as tf

from igc_tf.errors import InputError


class AveragedGAN(keras.Model):
    """A generator, its moving average and a discriminator, with an optimizer for each network.

    A subclass writes `train_step` and ends it with `_finish_step`.

    Args:
        generator: `[condition (B, C), latent (B, Z)] -> data`.
        discriminator: its adversary.
        averaged_generator: takes the moving average of the generator's weights; a copy if None.
            Give one where the generator computes in another precision than the average should.
        seed: of the latents; with the step number it decides them, so a resumed run continues
            exactly as an uninterrupted one.
        averaging_decay: per step, of the moving average of the generator's weights; 0 for none.
        logged: names of what `train_step` logs.

    Raises:
        InputError: for a decay outside [0, 1).
    """

    def __init__(
        self,
        generator,
        discriminator,
        averaged_generator=None,
        seed=0,
        averaging_decay=0.999,
        logged=(),
        **kwargs,
    ):
        super().__init__(**kwargs)
        if not 0 <= averaging_decay < 1:
            raise InputError(f"averaging_decay={averaging_decay!r}: expected a number in [0, 1)")
        self.generator = generator
        self.discriminator = discriminator
        self.averaged_generator = averaged_generator or keras.models.clone_model(generator)
        self.averaged_generator.set_weights(generator.get_weights())
        self.averaged_generator.trainable = False
        self.seed = seed
        self.averaging_decay = averaging_decay
        self.latent_size = generator.inputs[1].shape[1]
        self._means = {name: keras.metrics.Mean(name=name) for name in logged}

    @property
    def metrics(self):
        return list(self._means.values())

    @property
    def networks_state(self):
        """The weights of all networks, {name: variables}."""
        return {
            "weights": self.generator.weights + self.discriminator.weights,
            "averages": self.averaged_generator.weights,
        }

    @property
    def training_state(self):
        """Everything that training changes, {name: variables}."""
        return self.networks_state | {
            "generator_optimizer": self.generator_optimizer.variables,
            "discriminator_optimizer": self.discriminator_optimizer.variables,
        }

    def compile(self, generator_optimizer, discriminator_optimizer):
        """Sets one optimizer for each network."""
        # Without the first Keras would make an RMSprop that nothing uses; without the second it
        # would compile with XLA on a GPU, for which the random distortion has no kernel.
        super().compile(optimizer=None, jit_compile=False)
        generator_optimizer.build(self.generator.trainable_variables)
        discriminator_optimizer.build(self.discriminator.trainable_variables)
        self.generator_optimizer = generator_optimizer
        self.discriminator_optimizer = discriminator_optimizer

    def call(self, inputs, training=False):
        return self.averaged_generator(inputs, training=training)

    @property
    def _step_seed(self):
        """The seed of this step's random numbers, (2,)."""
        return tf.stack([self.seed, tf.cast(self.generator_optimizer.iterations, tf.int32)])

    @staticmethod
    def _descend(tape, loss, network, optimizer):
        variables = network.trainable_variables
        optimizer.apply(tape.gradient(loss, variables), variables)

    def _finish_step(self, logs):
        """Averages the weights and returns the epoch's means of `logs`."""
        self._average()
        for name, value in logs.items():
            self._means[name].update_state(value)
        return {name: mean.result() for name, mean in self._means.items()}

    def _average(self):
        """Moves the averaged weights towards the trained ones, faster in the first steps."""
        step = tf.cast(self.generator_optimizer.iterations, tf.float32)
        decay = tf.minimum(self.averaging_decay, step / (step + 9.0))
        for average, weight in zip(
            self.averaged_generator.weights, self.generator.weights, strict=True
        ):
            average.assign(weight + decay * (average - weight))
