"""The conditional activation GAN: the generator the paper inverts."""

import tensorflow as tf

from igc_tf.generators.generator import Generator
from igc_tf.models.averaged_gan import AveragedGAN
from igc_tf.training.losses import lsgan_discriminator_loss, lsgan_generator_loss


class ConditionalActivationGAN(AveragedGAN):
    """Trains a conditional generator against a discriminator with one activation per condition.

    Conditional activation GAN (Cho & Yoon 2019) with the LSGAN loss, as the paper trains it
    (002 §2). With `separation`, the generator also learns from the classifier's own searches:
    of the data reproduced best by each class, that of the right class should be nearest. A
    condition is one-hot over the classes or, with several labels, one-hot for each label.

    Args:
        generator: `[condition (B, C), latent (B, Z)] -> data`.
        discriminator: `data -> condition activation (B, C)`.
        averaged_generator, seed, averaging_decay: as for `AveragedGAN`.
        separation: a `ClassSeparation`, or None for the paper's training.
        layout: the `ConditionLayout` of the conditions; None for classes.
    """

    def __init__(
        self,
        generator,
        discriminator,
        averaged_generator=None,
        seed=0,
        averaging_decay=0.999,
        separation=None,
        layout=None,
        **kwargs,
    ):
        names = ["discriminator_loss", "generator_loss", "real_activation", "fake_activation"]
        if separation is not None:
            names += ["separation_loss", "separated", "reconstruction"]
        super().__init__(
            generator, discriminator, averaged_generator, seed, averaging_decay, names, **kwargs
        )
        self.separation = separation
        self._engine = None
        if separation is not None:
            self._engine = separation.engine(Generator(generator, layout))

    def train_step(self, batch):
        """One step on both networks; `batch` is (data (B, ...), conditions (B, C) in [0, 1])."""
        data, condition = batch
        step_seed = self._step_seed
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
                separation_loss, logs = self.separation.loss(searched)
                total_loss += separation_loss

        self._descend(generator_tape, total_loss, self.generator, self.generator_optimizer)
        self._descend(
            discriminator_tape, discriminator_loss, self.discriminator, self.discriminator_optimizer
        )
        logs |= {
            "discriminator_loss": discriminator_loss,
            "generator_loss": generator_loss,
            "real_activation": tf.reduce_mean(tf.reduce_sum(real_activation * condition, -1)),
            "fake_activation": tf.reduce_mean(tf.reduce_sum(fake_activation * condition, -1)),
        }
        return self._finish_step(logs)
