"""Adversarial losses.

The conditional activation GAN's discriminator has one output per condition, its *activation*. Only
the activation of the condition an example has (or was generated with) enters an `lsgan` loss; the
others are free. The conditional GAN's discriminator has one output, the *logit* of "this is real";
`ADVERSARIAL_LOSSES` has the pairs of losses that it may be trained with.
"""

from collections.abc import Callable
from typing import NamedTuple

import tensorflow as tf


def lsgan_discriminator_loss(real_activation, real_condition, fake_activation, fake_condition):
    """Σ_c (D(x)_c - 1)² y_c + Σ_c D(G(c, z))_c² c.

    Least squares GAN (Mao et al. 2017, equation 9 with a = 0, b = 1) on the activations of the
    conditional activation GAN (Cho & Yoon 2019), as the author's published code combines them.

    Args:
        real_activation, fake_activation: D's output (B, C), any real number.
        real_condition, fake_condition: conditions (B, C) in [0, 1]; one-hot for classes.

    Returns:
        (B,), at least 0.
    """
    real = tf.reduce_sum(tf.square(real_activation - 1.0) * real_condition, axis=-1)
    fake = tf.reduce_sum(tf.square(fake_activation) * fake_condition, axis=-1)
    return real + fake


def lsgan_generator_loss(fake_activation, fake_condition):
    """Σ_c (D(G(c, z))_c - 1)² c (Mao et al. 2017, equation 9 with c = 1; see above).

    Args:
        fake_activation: D's output (B, C) for generated data.
        fake_condition: the conditions (B, C) they were generated with.

    Returns:
        (B,), at least 0.
    """
    return tf.reduce_sum(tf.square(fake_activation - 1.0) * fake_condition, axis=-1)


def class_separation_loss(differences, right, temperature):
    """Cross entropy of `softmax(-differences / temperature)`: asks the right class to be nearest.

    With the latents of a converged search held fixed, its gradient on the generator's weights is
    that of the searched minimum itself (envelope theorem): no search step is differentiated.
    This project's addition; not in the paper.

    Args:
        differences: data difference (B, K) of the best reconstruction with each value of a label.
        right: the right one (B, K), one-hot.
        temperature: in units of the difference; how far apart is far enough.

    Returns:
        (B,), at least 0.
    """
    return tf.nn.softmax_cross_entropy_with_logits(right, -differences / temperature)


def bce_discriminator_loss(real_logit, fake_logit, real_target=1.0, fake_target=0.0):
    """Binary cross entropy of D = sigmoid(logit) and its targets, for real and generated data.

    With the targets 1 and 0 that is -log D(x, y) - log(1 - D(G(c, z), c)): conditional GAN (Mirza &
    Osindero 2014, equation 2), as in "Inverse Classification using GANs". A real target below 1
    is one-sided label smoothing (Salimans et al. 2016, §3.3).

    Args:
        real_logit: the discriminator's output (B,) for real data and their conditions.
        fake_logit: likewise for generated data.
        real_target: what D should say of real data, in [0, 1].
        fake_target: what it should say of generated data.

    Returns:
        (B,), at least 0.
    """
    return _cross_entropy(real_logit, real_target) + _cross_entropy(fake_logit, fake_target)


def _cross_entropy(logit, target):
    """-t log D - (1 - t) log(1 - D)."""
    return target * tf.math.softplus(-logit) + (1.0 - target) * tf.math.softplus(logit)


def bce_generator_loss(fake_logit):
    """-log D(G(c, z), c): the non-saturating loss (Goodfellow et al. 2014, §3).

    As in "Inverse Classification using GANs".

    Args:
        fake_logit: the discriminator's output (B,) for generated data.

    Returns:
        (B,), at least 0.
    """
    return tf.math.softplus(-fake_logit)


def condition_loss(logits, condition, layout):
    """-Σ log p_c over the labels of a condition: how surely a classifier says the right values.

    Auxiliary classifier GAN (Odena et al. 2017, equation 3, negated).

    Args:
        logits: (B, C), whose softmax within each label are the probabilities of its values.
        condition: the right ones (B, C), one-hot for each label.
        layout: the `ConditionLayout` of both.

    Returns:
        (B,), at least 0.
    """
    parts = zip(layout.split(condition), layout.split(logits), strict=True)
    return tf.add_n([tf.nn.softmax_cross_entropy_with_logits(*part) for part in parts])


def saturating_generator_loss(fake_logit):
    """log(1 - D(G(c, z), c)): the generator's side of the game's one value.

    Goodfellow et al. 2014, equation 1: the generator descends on what the discriminator ascends
    on. By the logit its gradient is -D, which vanishes where the discriminator is sure; that of
    `bce_generator_loss` is D - 1.

    Args:
        fake_logit: the discriminator's output (B,) for generated data.

    Returns:
        (B,), at most 0.
    """
    return -tf.math.softplus(fake_logit)


def least_squares_discriminator_loss(real_output, fake_output, real_target=1.0, fake_target=0.0):
    """(D(x, y) - b)² + (D(G(c, z), c) - a)²: least squares GAN with one output.

    Mao et al. 2017, equation 9, without the factor 1/2 of each. D is the output itself, any real
    number; with the targets 1 and 0 the best one is the probability that its input is real.

    Args:
        real_output: the discriminator's output (B,) for real data and their conditions.
        fake_output: likewise for generated data.
        real_target: b, what D should say of real data.
        fake_target: a, what it should say of generated data.

    Returns:
        (B,), at least 0.
    """
    return tf.square(real_output - real_target) + tf.square(fake_output - fake_target)


def least_squares_generator_loss(fake_output):
    """(D(G(c, z), c) - 1)² (Mao et al. 2017, equation 9 with c = 1; see above).

    Args:
        fake_output: the discriminator's output (B,) for generated data.

    Returns:
        (B,), at least 0.
    """
    return tf.square(fake_output - 1.0)


class AdversarialLosses(NamedTuple):
    """Both sides' losses, and what the discriminator's output says.

    Attributes:
        discriminator: `(real output (B,), fake output (B,), real target, fake target) -> loss
            (B,)`.
        generator: `(fake output (B,)) -> loss (B,)`.
        probability: `(output (B,)) -> (B,)`, the probability that the input is real; outside of
            [0, 1] where least squares have not settled yet.
    """

    discriminator: Callable
    generator: Callable
    probability: Callable


# by the name of the generator's loss
ADVERSARIAL_LOSSES = {
    "non-saturating": AdversarialLosses(bce_discriminator_loss, bce_generator_loss, tf.sigmoid),
    "saturating": AdversarialLosses(bce_discriminator_loss, saturating_generator_loss, tf.sigmoid),
    "least-squares": AdversarialLosses(
        least_squares_discriminator_loss, least_squares_generator_loss, tf.identity
    ),
}


def masked_mean_squared(data_and_mask, generated):
    """mean (data - generated)² over the elements of sequences that their mask shows.

    Args:
        data_and_mask: (B, T, D + 1), the data with their mask as the last channel (see
            `igc_tf.data.data_and_mask`); what the data hold where it is 0 has no meaning.
        generated: (B, T, D).

    Returns:
        (B,), at least 0; 0 where the mask shows nothing.
    """
    data, mask = data_and_mask[..., :-1], data_and_mask[..., -1:]
    # no difference, and no gradient, where there is nothing to compare with
    squares = tf.where(mask > 0, tf.square(data - generated), 0.0)
    count = tf.reduce_sum(mask, axis=[1, 2]) * generated.shape[-1]
    return tf.reduce_sum(squares, axis=[1, 2]) / tf.maximum(count, 1.0)
