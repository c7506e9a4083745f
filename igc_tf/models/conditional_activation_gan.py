"""The conditional activation GAN: the generator the paper inverts."""

import keras
import tensorflow as tf

from igc_tf.losses import lsgan_discriminator_loss, lsgan_generator_loss


class ConditionalActivationGAN(keras.Model):
    """Trains a conditional generator against a discriminator with one activation per condition.

    Conditional activation GAN (Cho & Yoon 2019) with the LSGAN loss, as the paper trains it
    (002 §2). With `separation`, the generator also learns from the classifier's own searches:
    of the data reproduced best by each class, that of the right class should be nearest. A
    condition is one-hot over the classes or, with several labels, one-hot for each label.

    Args:
        generator: `[condition (B, C), latent (B, Z)] -> data`.
        discriminator: `data -> condition activation (B, C)`.
        averaged_generator: takes the moving average of the generator's weights; a copy if None.
            Give one where the generator computes in another precision than the average should.
        seed: of the latents; with the step number it decides them, so a resumed run continues
            exactly as an uninterrupted one.
        averaging_decay: per step, of the moving average of the generator's weights.
        separation: a `ClassSeparation`, or None for the paper's training.
    """

    def __init__(
        self,
        generator,
        discriminator,
        averaged_generator=None,
        seed=0,
        averaging_decay=0.999,
        separation=None,
        **kwargs,
    ):
        super().__init__(**kwargs)
        if not 0 <= averaging_decay < 1:
            raise ValueError(f"averaging_decay={averaging_decay!r}: expected a number in [0, 1)")
        self.generator = generator
        self.discriminator = discriminator
        self.averaged_generator = averaged_generator or keras.models.clone_model(generator)
        self.averaged_generator.set_weights(generator.get_weights())
        self.averaged_generator.trainable = False
        self.seed = seed
        self.averaging_decay = averaging_decay
        self.separation = separation
        self._engine = separation.engine(generator) if separation is not None else None
        self.latent_size = generator.inputs[1].shape[1]
        names = ["discriminator_loss", "generator_loss", "real_activation", "fake_activation"]
        if separation is not None:
            names += ["separation_loss", "separated", "reconstruction"]
        self._means = {name: keras.metrics.Mean(name=name) for name in names}

    @property
    def metrics(self):
        return list(self._means.values())

    def compile(self, generator_optimizer, discriminator_optimizer):
        """Sets one optimizer for each network."""
        # without it Keras would make an RMSprop that nothing uses
        super().compile(optimizer=None)
        generator_optimizer.build(self.generator.trainable_variables)
        discriminator_optimizer.build(self.discriminator.trainable_variables)
        self.generator_optimizer = generator_optimizer
        self.discriminator_optimizer = discriminator_optimizer

    def call(self, inputs, training=False):
        return self.averaged_generator(inputs, training=training)

    def train_step(self, batch):
        """One step on both networks; `batch` is (data (B, ...), conditions (B, C) in [0, 1])."""
        data, condition = batch
        step_seed = tf.stack([self.seed, tf.cast(self.generator_optimizer.iterations, tf.int32)])
        latent = tf.random.stateless_normal([tf.shape(data)[0], self.latent_size], step_seed)
        searched = None
        if self.separation is not None:
            searched = self.separation.search(self._engine, data, condition, step_seed)

        with tf.GradientTape() as generator_tape, tf.GradientTape() as discriminator_tape:
            fake = self.generator([condition, latent], training=True)
            # float32 also where the networks compute in less
            real_activation = tf.cast(self.discriminator(data, training=True), tf.float32)
            fake_activation = tf.cast(self.discriminator(fake, training=True), tf.float32)
            discriminator_loss = tf.reduce_mean(
                lsgan_discriminator_loss(real_activation, condition, fake_activation, condition)
            )
            generator_loss = tf.reduce_mean(lsgan_generator_loss(fake_activation, condition))
            total_loss, logs = generator_loss, {}
            if searched is not None:
                separation_loss, logs = self.separation.loss(self._engine, searched)
                total_loss += separation_loss

        self._descend(generator_tape, total_loss, self.generator, self.generator_optimizer)
        self._descend(
            discriminator_tape, discriminator_loss, self.discriminator, self.discriminator_optimizer
        )
        self._average()
        logs |= {
            "discriminator_loss": discriminator_loss,
            "generator_loss": generator_loss,
            "real_activation": tf.reduce_mean(tf.reduce_sum(real_activation * condition, -1)),
            "fake_activation": tf.reduce_mean(tf.reduce_sum(fake_activation * condition, -1)),
        }
        for name, value in logs.items():
            self._means[name].update_state(value)
        return {name: mean.result() for name, mean in self._means.items()}

    @staticmethod
    def _descend(tape, loss, network, optimizer):
        variables = network.trainable_variables
        optimizer.apply(tape.gradient(loss, variables), variables)

    def _average(self):
        """Moves the averaged weights towards the trained ones, faster in the first steps."""
        step = tf.cast(self.generator_optimizer.iterations, tf.float32)
        decay = tf.minimum(self.averaging_decay, step / (step + 9.0))
        for average, weight in zip(
            self.averaged_generator.weights, self.generator.weights, strict=True
        ):
            average.assign(weight + decay * (average - weight))
