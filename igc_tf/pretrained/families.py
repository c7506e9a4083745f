"""The network families whose generators may ship."""

from collections.abc import Callable
from typing import NamedTuple

from igc_tf.generators.activation_gan import CAGAN_SIZES, CAGANSize, build_generator
from igc_tf.generators.conditional_gan import (
    CONDITIONAL_GAN_SIZES,
    ConditionalGANSize,
    build_conditional_generator,
)


class Family(NamedTuple):
    """How a family's generators are built.

    Attributes:
        size: the dataclass of their widths.
        sizes: the named ones, {name: size}.
        build: (size, condition_size, data_shape, latent_size) -> generator.
    """

    size: type
    sizes: dict
    build: Callable


# of runs and cards that do not say
DEFAULT_FAMILY = "conditional_activation_gan"
FAMILIES = {
    DEFAULT_FAMILY: Family(CAGANSize, CAGAN_SIZES, build_generator),
    "conditional_gan": Family(
        ConditionalGANSize, CONDITIONAL_GAN_SIZES, build_conditional_generator
    ),
}


def build_from_card(card):
    """Builds the generator that a card describes, its weights not yet set."""
    family = FAMILIES[card.get("family", DEFAULT_FAMILY)]
    # JSON knows lists only
    architecture = {
        key: tuple(value) if isinstance(value, list) else value
        for key, value in card["architecture"].items()
    }
    return family.build(
        family.size(**architecture),
        card["condition_size"],
        tuple(card["data_shape"]),
        card["latent_size"],
    )
