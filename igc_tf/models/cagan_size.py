"""The sizes in which the conditional activation GAN comes."""

from dataclasses import dataclass


@dataclass(frozen=True)
class CAGANSize:
    """Everything that distinguishes one size from another.

    Attributes:
        generator_filters: channels of the generator's first feature map, a quarter of the image
            high and wide; each of two stages doubles the resolution and halves the channels.
        hidden_units: if any, the generator is of the cheap kind: dense layers of these widths,
            each scaled and shifted by the condition, come before the first feature map, and two
            convolutions at its resolution make the image of it. Without, condition and latent
            are concatenated, and the stages upsample and convolve, as the author's do.
        discriminator_filters: channels of the discriminator's first convolution; each of two
            stages halves the resolution and doubles the channels.
        convolutions: 3×3 convolutions in every stage (not of the cheap generator).
        instance_normalization: normalise after every convolution (and the first feature map).
        latent_epsilon: if given, the generator begins with a `LatentNormalization`.
    """

    generator_filters: int
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
        hidden_units=(512,),
        generator_filters=32,
        discriminator_filters=32,
        convolutions=1,
        instance_normalization=False,
        latent_epsilon=0.01,
    ),
}
