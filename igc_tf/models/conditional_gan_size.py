"""How large the conditional GAN's networks are."""

from dataclasses import dataclass


@dataclass(frozen=True)
class ConditionalGANSize:
    """Widths of generator and discriminator, see `build_conditional_generator`.

    Attributes:
        class_units: of the dense layer that the class vector passes before it meets the noise.
        filters: channels of the generator's first feature map.
        convolution_filters: of the first of its two transposed convolutions.
        stride: of both, and of the discriminator's two convolutions; the first feature map is
            stride² times smaller than the data.
        discriminator_filters: of these two.
        discriminator_units: of its dense layer.
        discriminator_normalization: batch normalisation after its convolutions.
    """

    class_units: int
    filters: int
    convolution_filters: int
    stride: int
    discriminator_filters: tuple[int, int]
    discriminator_units: int
    discriminator_normalization: bool


CONDITIONAL_GAN_SIZES = {
    # the same inputs and layers, on 7 × 7 instead of 28 × 28 elements
    "compact": ConditionalGANSize(100, 32, 32, 2, (16, 32), 256, False),
    # 000's published network
    "document": ConditionalGANSize(1000, 64, 32, 1, (32, 64), 1024, True),
}
