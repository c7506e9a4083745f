"""The conditional GAN with noisy class vectors (000)."""

import math

import tensorflow as tf

from igc_tf.errors import InputError
from igc_tf.models.averaged_gan import AveragedGAN
from igc_tf.training.losses import bce_discriminator_loss, bce_generator_loss


class ConditionalGAN(AveragedGAN):
    """Trains a generator whose class vector may later be searched.

    Conditional GAN (Mirza & Osindero 2014) with binary cross entropy, as "Inverse Classification
    using GANs" (000) trains it: in the generator's step the class vectors are noised, so that the
    generator knows also what lies around the one-hot vectors, where a search will pass. The
    discriminator learns on the one-hot vectors themselves.

    Args:
        generator: `[condition (B, C), latent (B, Z)] -> data`.
        discriminator: `[data, condition (B, C)] -> logit (B,)`.
        averaged_generator, seed, averaging_decay: as for `AveragedGAN`.
        condition_sigma: standard deviation of the noise on the class vectors, which are then
            clamped to [0, 1].

    Raises:
        InputError: for a negative or infinite `condition_sigma`.
    """

    def __init__(
        self,
        generator,
        discriminator,
        averaged_generator=None,
        seed=0,
        averaging_decay=0.999,
        condition_sigma=0.2,
        **kwargs,
    ):
        names = ["discriminator_loss", "generator_loss", "real_probability", "fake_probability"]
        super().__init__(
            generator, discriminator, averaged_generator, seed, averaging_decay, names, **kwargs
        )
        if not (math.isfinite(condition_sigma) and condition_sigma >= 0):
            raise InputError(f"condition_sigma={condition_sigma!r}: expected a number >= 0")
        self.condition_sigma = condition_sigma

    def train_step(self, batch):
        """A step of the discriminator, then one of the generator.

        `batch` is (data (B, ...), conditions (B, C) in [0, 1]); what is generated takes the same
        conditions.
        """
        data, condition = batch
        seeds = tf.unstack(tf.random.experimental.stateless_split(self._step_seed, 3))
        latents = [
            tf.random.stateless_normal([tf.shape(data)[0], self.latent_size], seed)
            for seed in seeds[:2]
        ]
        noised = self.noised(condition, seeds[2])

        fake = self.generator([condition, latents[0]], training=True)
        with tf.GradientTape() as tape:
            real_logit = self._logit(data, condition)
            fake_logit = self._logit(fake, condition)
            discriminator_loss = tf.reduce_mean(bce_discriminator_loss(real_logit, fake_logit))
        self._descend(tape, discriminator_loss, self.discriminator, self.discriminator_optimizer)

        with tf.GradientTape() as tape:
            fake = self.generator([noised, latents[1]], training=True)
            generator_loss = tf.reduce_mean(bce_generator_loss(self._logit(fake, noised)))
        self._descend(tape, generator_loss, self.generator, self.generator_optimizer)
        return self._finish_step(
            {
                "discriminator_loss": discriminator_loss,
                "generator_loss": generator_loss,
                "real_probability": tf.reduce_mean(tf.sigmoid(real_logit)),
                "fake_probability": tf.reduce_mean(tf.sigmoid(fake_logit)),
            }
        )

    def noised(self, condition, seed):
        """Returns clip(condition + sigma · N(0, 1), 0, 1), (B, C); `seed` is (2,) integers."""
        noise = tf.random.stateless_normal(tf.shape(condition), seed)
        return tf.clip_by_value(condition + self.condition_sigma * noise, 0.0, 1.0)

    def _logit(self, data, condition):
        # float32 also where the network computes in less
        return tf.cast(self.discriminator([data, condition], training=True), tf.float32)
