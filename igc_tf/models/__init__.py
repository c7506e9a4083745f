"""Network families, one per file."""

from igc_tf.models.cagan_networks import build_discriminator, build_generator
from igc_tf.models.cagan_size import CAGAN_SIZES, CAGANSize
from igc_tf.models.condition_noise import ConditionNoise
from igc_tf.models.conditional_activation_gan import ConditionalActivationGAN
from igc_tf.models.conditional_gan import ConditionalGAN
from igc_tf.models.conditional_gan_networks import (
    build_conditional_discriminator,
    build_conditional_generator,
)
from igc_tf.models.conditional_gan_size import CONDITIONAL_GAN_SIZES, ConditionalGANSize
from igc_tf.models.latent_normalization import LatentNormalization
from igc_tf.models.lenet import build_lenet
from igc_tf.models.sequence_networks import build_sequence_classifier, build_sequence_generator

__all__ = [
    "CAGAN_SIZES",
    "CONDITIONAL_GAN_SIZES",
    "CAGANSize",
    "ConditionNoise",
    "ConditionalActivationGAN",
    "ConditionalGAN",
    "ConditionalGANSize",
    "LatentNormalization",
    "build_conditional_discriminator",
    "build_conditional_generator",
    "build_discriminator",
    "build_generator",
    "build_lenet",
    "build_sequence_classifier",
    "build_sequence_generator",
]
