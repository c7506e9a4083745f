"""What every generative adversarial network here has: an averaged generator, and its adversary."""

import keras
import tensorflow as tf

from igc_tf.errors import InputError
from igc_tf.generators.generator import Generator
from igc_tf.generators.replicas import draw_rows, replica_count
from igc_tf.generators.store import load_generator


class AveragedGAN(keras.Model):
    """A generator, its moving average and a discriminator, with an optimizer for each network.

    A subclass writes `train_step` and ends it with `_finish_step`. The step may run in several
    replicas at once (`tf.distribute`): each takes its part of the batch and of the batch's random
    numbers (see `igc_tf.generators.replicas`), and the weights move by the mean of their gradients,
    as one replica's would.

    Args:
        generator: a `Generator`, or the Keras model `[condition (B, C), latent (B, Z)] -> data` of
            one with the usual facts.
        discriminator: its adversary.
        averaged_generator, averaged_encoder: the Keras models that take the moving averages of the
            generator's weights, and of its encoder's if it has one; copies if None. Give them where
            the generator computes in another precision than the average should.
        seed: of the latents; with the step number it decides them, so a resumed run continues
            exactly as an uninterrupted one.
        averaging_decay: per step, of the moving average of the generator's weights; 0 for none.
        logged: names of what `train_step` logs.

    Attributes:
        generator, discriminator, averaged_generator: the Keras models.
        encoder, averaged_encoder: likewise, of a generator with an encoder; else None.
        encoding: the model whose weights the encoder's optimizer updates: the encoder, and with a
            `hint` its layer, too.
        hint: `data -> logits (B, C)`, of a subclass that gives the encoder a hint; else None.
        trained: the generator as a `Generator`.
        averaged: the averaged generator as a `Generator`: the one that is judged and kept.

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
        averaged_encoder=None,
        **kwargs,
    ):
        super().__init__(**kwargs)
        if not 0 <= averaging_decay < 1:
            raise InputError(f"averaging_decay={averaging_decay!r}: expected a number in [0, 1)")
        self.trained = Generator.of(generator)
        self.generator, self.encoder = self.trained.model, self.trained.encoder
        self.discriminator = discriminator
        self.averaged_generator = averaged_generator or keras.models.clone_model(self.generator)
        self.averaged_generator.set_weights(self.generator.get_weights())
        self.averaged_generator.trainable = False
        if self.encoder is not None and averaged_encoder is None:
            averaged_encoder = keras.models.clone_model(self.encoder)
        self.averaged_encoder = averaged_encoder
        self.encoding, self.hint = self.encoder, None
        if averaged_encoder is not None:
            averaged_encoder.set_weights(self.encoder.get_weights())
            averaged_encoder.trainable = False
        self.averaged = self.trained.with_model(self.averaged_generator, averaged_encoder)
        self.seed = seed
        self.averaging_decay = averaging_decay
        self._means = {name: keras.metrics.Mean(name=name) for name in logged}

    @property
    def metrics(self):
        return list(self._means.values())

    @property
    def networks_state(self):
        """The weights of all networks, {name: variables}."""
        state = {
            "weights": self.generator.weights + self.discriminator.weights,
            "averages": self.averaged_generator.weights,
        }
        if self.encoder is not None:
            state["encoder"] = self.encoder.weights + self.averaged_encoder.weights
        return state

    @property
    def training_state(self):
        """Everything that training changes, {name: variables}."""
        optimizers = {
            "generator_optimizer": self.generator_optimizer.variables,
            "discriminator_optimizer": self.discriminator_optimizer.variables,
        }
        if self.encoder is not None:
            optimizers["encoder_optimizer"] = self.encoder_optimizer.variables
        if self.hint is not None:
            optimizers["hint"] = self.hint.layers[-1].weights
        return self.networks_state | optimizers | self._random_state

    @property
    def _random_state(self):
        """What layers such as a dropout draw from: Keras does not count it among the weights."""
        networks = [self.generator, self.discriminator, self.encoder]
        state = [
            variable
            for network in networks
            if network is not None
            for variable in network.variables
            if all(variable is not weight for weight in network.weights)
        ]
        return {"random": state} if state else {}

    def take(self, generator):
        """Takes the weights of a generator, and of its encoder, for the trained and the averaged.

        Args:
            generator: the name of one that ships, or the directory of one.

        Raises:
            InputError: for a generator of another size, or one that lacks the encoder.
        """
        other = load_generator(generator)
        pairs = [(self.generator, self.averaged_generator, other.source)]
        if self.encoder is not None:
            pairs.append((self.encoder, self.averaged_encoder, other.encoder))
        for trained, averaged, source in pairs:
            shapes, expected = (
                None if model is None else [tuple(weight.shape) for weight in model.weights]
                for model in (source, trained)
            )
            if shapes != expected:
                raise InputError(
                    f"start_from={str(generator)!r}: expected a {trained.name} with weights of "
                    f"shapes {expected}, that generator's has {shapes}"
                )
            for model in (trained, averaged):
                model.set_weights(source.get_weights())

    def compile(self, generator_optimizer, discriminator_optimizer, encoder_optimizer=None):
        """Sets one optimizer for each network; the encoder's only where there is one."""
        # Without the first Keras would make an RMSprop that nothing uses; without the second its
        # `fit` would compile with XLA on a GPU, for which the random distortion has no kernel.
        super().compile(optimizer=None, jit_compile=False)
        generator_optimizer.build(self.generator.trainable_variables)
        discriminator_optimizer.build(self.discriminator.trainable_variables)
        self.generator_optimizer = generator_optimizer
        self.discriminator_optimizer = discriminator_optimizer
        if self.encoder is not None:
            encoder_optimizer.build(self.encoding.trainable_variables)
            self.encoder_optimizer = encoder_optimizer

    def call(self, inputs, training=False):
        return self.averaged_generator(inputs, training=training)

    @property
    def _step_seed(self):
        """The seed of this step's random numbers, int32 (2,), the same in all replicas."""
        return tf.stack([self.seed, tf.cast(self.generator_optimizer.iterations, tf.int32)])

    def _draw_latents(self, count, seed):
        """Latents (count, Z) from the generator's prior."""
        size, prior = self.trained.latent_size, self.trained.prior
        return draw_rows(lambda count: prior.sample([count, size], seed), count)

    @staticmethod
    def _descend(tape, loss, *networks_and_optimizers):
        """A step of each network, (network, its optimizer), on the same loss."""
        variables = [network.trainable_variables for network, _ in networks_and_optimizers]
        # the optimizer adds up what the replicas give it
        share = tf.constant(1.0 / replica_count(), loss.dtype)
        gradients = tape.gradient(loss, variables, output_gradients=share)
        for (_, optimizer), gradient, weights in zip(
            networks_and_optimizers, gradients, variables, strict=True
        ):
            optimizer.apply(gradient, weights)

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
        pairs = [(self.averaged_generator, self.generator), (self.averaged_encoder, self.encoder)]
        for averaged, trained in pairs:
            if trained is not None:
                for average, weight in zip(averaged.weights, trained.weights, strict=True):
                    average.assign(weight + decay * (average - weight))
