"""The sizes in which the conditional activation GAN comes."""

from dataclasses import dataclass


@dataclass(frozen=True)
class CAGANSize:
    """Everything that distinguishes one size from another.

    Attributes:
        generator_filters: channels of the generator's first feature map, a quarter of the image
            high and wide; each of two stages doubles the resolution and halves the channels.
            None builds a generator of dense layers only, the cheapest.
        hidden_units: widths of that generator's layers, each scaled and shifted by the condition.
        discriminator_filters: channels of the discriminator's first convolution; each of two
            stages halves the resolution and doubles the channels.
        convolutions: 3×3 convolutions in every stage.
        instance_normalization: normalise after every convolution (and the first feature map).
        latent_epsilon: if given, the generator begins with a `LatentNormalization`.
    """

    generator_filters: int | None
    hidden_units: tuple[int, ...]
    discriminator_filters: int
    convolutions: int
    instance_normalization: bool
    latent_epsilon: float | None


CAGAN_SIZES = {
    # the author's published architecture for MNIST
    "paper": CAGANSize(
        hidden_units=(),
        generator_filters=256,
        discriminator_filters=64,
        convolutions=3,
        instance_normalization=True,
        latent_epsilon=None,
    ),
    "compact": CAGANSize(
        hidden_units=(512, 1024),
        generator_filters=None,
        discriminator_filters=32,
        convolutions=1,
        instance_normalization=False,
        latent_epsilon=0.01,
    ),
}
