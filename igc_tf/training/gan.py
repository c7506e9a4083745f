"""The generative adversarial networks, one step of training each."""

import math

import keras
import tensorflow as tf

from igc_tf.errors import InputError
from igc_tf.generators.encoder import FEATURE_LAYER
from igc_tf.generators.replicas import draw_rows, replica_count
from igc_tf.training.averaged_gan import AveragedGAN
from igc_tf.training.losses import (
    ADVERSARIAL_LOSSES,
    condition_loss,
    lsgan_discriminator_loss,
    lsgan_generator_loss,
)


class ConditionalActivationGAN(AveragedGAN):
    """Trains a conditional generator against a discriminator with one activation per condition.

    Conditional activation GAN (Cho & Yoon 2019) with the LSGAN loss, as the paper trains it
    (section 2). With `separation`, the generator also learns from the classifier's own searches:
    of the data reproduced best by each class, that of the right class should be nearest. A
    condition is one-hot over the classes or, with several labels, one-hot for each label.

    Args:
        generator: a `Generator`, or its Keras model.
        discriminator: `data -> condition activation (B, C)`.
        averaged_generator, seed, averaging_decay, averaged_encoder: as for `AveragedGAN`.
        separation: a `ClassSeparation`, or None for the paper's training.
        joint: a `ClassSeparation` whose search starts from the generator's encoder, which is
            trained by it, too; needed where, and only where, there is an encoder.

    Raises:
        InputError: for an encoder without `joint`, or the other way round.
    """

    def __init__(
        self,
        generator,
        discriminator,
        averaged_generator=None,
        seed=0,
        averaging_decay=0.999,
        separation=None,
        joint=None,
        **kwargs,
    ):
        names = ["discriminator_loss", "generator_loss", "real_activation", "fake_activation"]
        if separation is not None:
            names += ["separation_loss", "separated", "reconstruction"]
        if joint is not None:
            names += ["joint_separation_loss", "joint_separated", "joint_reconstruction"]
            names += ["joint_latent_size"]
            names += ["hint_loss"] if joint.hint_weight else []
        super().__init__(
            generator, discriminator, averaged_generator, seed, averaging_decay, names, **kwargs
        )
        if (joint is not None) != (self.encoder is not None):
            raise InputError(
                f"joint={joint!r} for a generator whose encoder is {self.encoder!r}: expected "
                "either both or none"
            )
        self.separation = separation
        self.joint = joint
        self._separations = {
            prefix: (learnt, learnt.search_of(self.trained))
            for prefix, learnt in {"": separation, "joint_": joint}.items()
            if learnt is not None
        }
        if joint is not None and joint.hint_weight:
            self._give_hint()

    def _give_hint(self):
        """Adds the layer that tells the classes by the encoder's features (`hint_weight`)."""
        features = self.encoder.get_layer(FEATURE_LAYER).output
        logits = keras.layers.Dense(self.trained.layout.size, name="hint")(features)
        self.hint = keras.Model(self.encoder.inputs[0], logits, name="hint")
        # what the encoder's optimizer moves
        self.encoding = keras.Model(self.encoder.inputs, [*self.encoder.outputs, logits])

    def _hint_loss(self, searched, condition):
        """The hint's cross entropy of the data that were searched, as the encoder sees them."""
        data = searched.state.batch.filled(self.trained.background)
        logits = tf.cast(self.hint(data, training=True), tf.float32)
        right = condition[: self.joint.images // replica_count()]
        return tf.reduce_mean(condition_loss(logits, right, self.trained.layout))

    def train_step(self, batch):
        """One step on both networks; `batch` is (data (B, ...), conditions (B, C) in [0, 1])."""
        data, condition = batch
        step_seed = self._step_seed
        latent = self._draw_latents(tf.shape(data)[0], step_seed)
        # each with a distortion and noise of its own
        seeds = {"": step_seed, "joint_": tf.random.experimental.stateless_fold_in(step_seed, 1)}

        with tf.GradientTape() as generator_tape:
            with tf.GradientTape() as discriminator_tape:
                fake = self.generator([condition, latent], training=True)
                # float32 also where the networks compute in less
                real_activation = tf.cast(self.discriminator(data, training=True), tf.float32)
                fake_activation = tf.cast(self.discriminator(fake, training=True), tf.float32)
                discriminator_loss = tf.reduce_mean(
                    lsgan_discriminator_loss(real_activation, condition, fake_activation, condition)
                )
            generator_loss = tf.reduce_mean(lsgan_generator_loss(fake_activation, condition))
            total_loss, logs = generator_loss, {}
            # under one tape only: of a loop under two, gradients of gradients would be traced
            for prefix, (separation, search) in self._separations.items():
                searched = separation.search(search, data, condition, seeds[prefix])
                separation_loss, found = separation.loss(searched)
                total_loss += separation_loss
                logs |= {prefix + name: value for name, value in found.items()}
                if prefix and self.hint is not None:
                    logs["hint_loss"] = self._hint_loss(searched, condition)
                    total_loss += separation.hint_weight * logs["hint_loss"]

        trained = [(self.generator, self.generator_optimizer)]
        if self.encoder is not None:
            trained.append((self.encoding, self.encoder_optimizer))
        self._descend(generator_tape, total_loss, *trained)
        discriminating = (self.discriminator, self.discriminator_optimizer)
        self._descend(discriminator_tape, discriminator_loss, discriminating)
        logs |= {
            "discriminator_loss": discriminator_loss,
            "generator_loss": generator_loss,
            "real_activation": tf.reduce_mean(tf.reduce_sum(real_activation * condition, -1)),
            "fake_activation": tf.reduce_mean(tf.reduce_sum(fake_activation * condition, -1)),
        }
        return self._finish_step(logs)


class ConditionalGAN(AveragedGAN):
    """Trains a generator whose discriminator says whether data are real.

    Conditional GAN (Mirza & Osindero 2014) with binary cross entropy, as in "Inverse
    Classification using GANs": in the generator's step the class vectors are noised, so that the
    generator knows also what lies around the one-hot vectors, where a search will pass. The
    discriminator learns on the one-hot vectors themselves. With conditions of one value it is the
    GAN without conditions (Goodfellow et al. 2014).

    A discriminator that also says what the condition is makes it an auxiliary classifier GAN (Odena
    et al. 2017): `condition_loss` is added to the losses of both sides. With a `classifier` the
    generator descends on α · (the classifier's `condition_loss`) + β · (its own loss), the total
    loss of the DCGAN and CGAN coursework.

    Args:
        generator: a `Generator`, or its Keras model.
        discriminator: `[data, condition (B, C)] -> logit (B,)`, or
            `-> [logit (B,), condition logits (B, C)]`.
        averaged_generator, seed, averaging_decay: as for `AveragedGAN`.
        condition_sigma: standard deviation of the noise on the class vectors, which are then
            clamped to [0, 1].
        real_target, fake_target: of the discriminator, see `igc_tf.training.losses`.
        classifier: a trained network `data -> condition logits (B, C)`, which stays as it is, or
            None.
        classifier_weight: α.
        adversarial_weight: β.
        generator_loss: a name of `ADVERSARIAL_LOSSES`; the discriminator has the loss beside it.

    Raises:
        InputError: for a negative or infinite `condition_sigma`, a classifier of other classes, or
            an unknown loss.
    """

    def __init__(
        self,
        generator,
        discriminator,
        averaged_generator=None,
        seed=0,
        averaging_decay=0.999,
        condition_sigma=0.2,
        real_target=1.0,
        fake_target=0.0,
        classifier=None,
        classifier_weight=1.0,
        adversarial_weight=1.0,
        generator_loss="non-saturating",
        **kwargs,
    ):
        names = ["discriminator_loss", "generator_loss", "real_probability", "fake_probability"]
        if classifier is not None:
            names.append("classifier_loss")
        super().__init__(
            generator, discriminator, averaged_generator, seed, averaging_decay, names, **kwargs
        )
        if not (math.isfinite(condition_sigma) and condition_sigma >= 0):
            raise InputError(f"condition_sigma={condition_sigma!r}: expected a number >= 0")
        if generator_loss not in ADVERSARIAL_LOSSES:
            raise InputError(
                f"generator_loss={generator_loss!r}: expected one of {[*ADVERSARIAL_LOSSES]}"
            )
        self.condition_sigma = condition_sigma
        self.real_target = real_target
        self.fake_target = fake_target
        size = self.trained.layout.size
        if classifier is not None and classifier.output_shape != (None, size):
            raise InputError(
                f"a classifier whose output has shape {classifier.output_shape}: expected "
                f"{(None, size)}, the condition's"
            )
        self.classifier = classifier
        self.classifier_weight = classifier_weight
        self.adversarial_weight = adversarial_weight
        self.generator_loss = generator_loss

    def train_step(self, batch):
        """A step of the discriminator, then one of the generator.

        `batch` is (data (B, ...), conditions (B, C) in [0, 1]); what is generated takes the same
        conditions.
        """
        data, condition = batch
        losses = ADVERSARIAL_LOSSES[self.generator_loss]
        seeds = tf.unstack(tf.random.experimental.stateless_split(self._step_seed, 3))
        latents = [self._draw_latents(tf.shape(data)[0], seed) for seed in seeds[:2]]
        noised = self.noised(condition, seeds[2])

        fake = self.generator([condition, latents[0]], training=True)
        with tf.GradientTape() as tape:
            real_logit, real_loss = self._judged(data, condition)
            fake_logit, fake_loss = self._judged(fake, condition)
            targets = self.real_target, self.fake_target
            discriminator_loss = tf.reduce_mean(
                losses.discriminator(real_logit, fake_logit, *targets) + real_loss + fake_loss
            )
        discriminating = (self.discriminator, self.discriminator_optimizer)
        self._descend(tape, discriminator_loss, discriminating)

        with tf.GradientTape() as tape:
            fake = self.generator([noised, latents[1]], training=True)
            logit, of_condition = self._judged(fake, noised)
            generator_loss = tf.reduce_mean(losses.generator(logit) + of_condition)
            total_loss, logs = self.adversarial_weight * generator_loss, {}
            if self.classifier is not None:
                said = self.classifier(fake, training=False)
                classifier_loss = tf.reduce_mean(self._condition_loss(said, condition))
                total_loss += self.classifier_weight * classifier_loss
                logs["classifier_loss"] = classifier_loss
        self._descend(tape, total_loss, (self.generator, self.generator_optimizer))
        logs |= {
            "discriminator_loss": discriminator_loss,
            "generator_loss": generator_loss,
            "real_probability": tf.reduce_mean(losses.probability(real_logit)),
            "fake_probability": tf.reduce_mean(losses.probability(fake_logit)),
        }
        return self._finish_step(logs)

    def noised(self, condition, seed):
        """Returns clip(condition + sigma · N(0, 1), 0, 1), (B, C); `seed` is (2,) integers."""
        size = condition.shape[1]
        noise = draw_rows(
            lambda count: tf.random.stateless_normal([count, size], seed), tf.shape(condition)[0]
        )
        return tf.clip_by_value(condition + self.condition_sigma * noise, 0.0, 1.0)

    def _judged(self, data, condition):
        """The logit of "this is real" (B,), and the loss (B,) of what is said of the condition."""
        said = self.discriminator([data, condition], training=True)
        # float32 also where the network computes in less
        if not isinstance(said, list | tuple):
            return tf.cast(said, tf.float32), 0.0
        logit, condition_logits = (tf.cast(part, tf.float32) for part in said)
        return logit, self._condition_loss(condition_logits, condition)

    def _condition_loss(self, logits, condition):
        return condition_loss(tf.cast(logits, tf.float32), condition, self.trained.layout)
