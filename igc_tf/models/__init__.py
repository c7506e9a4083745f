"""Network families, one per file."""

from igc_tf.models.cagan_networks import build_discriminator, build_generator
from igc_tf.models.cagan_size import CAGAN_SIZES, CAGANSize
from igc_tf.models.conditional_activation_gan import ConditionalActivationGAN
from igc_tf.models.latent_normalization import LatentNormalization
from igc_tf.models.lenet import build_lenet

__all__ = [
    "CAGAN_SIZES",
    "CAGANSize",
    "ConditionalActivationGAN",
    "LatentNormalization",
    "build_discriminator",
    "build_generator",
    "build_lenet",
]
