"""Networks in training, one family per file."""

from igc_tf.models.conditional_activation_gan import ConditionalActivationGAN
from igc_tf.models.conditional_gan import ConditionalGAN

__all__ = ["ConditionalActivationGAN", "ConditionalGAN"]
