"""The network families whose generators may ship."""

from collections.abc import Callable
from typing import NamedTuple

from igc_tf.models.cagan_networks import build_generator
from igc_tf.models.cagan_size import CAGAN_SIZES, CAGANSize
from igc_tf.models.conditional_gan_networks import build_conditional_generator
from igc_tf.models.conditional_gan_size import CONDITIONAL_GAN_SIZES, ConditionalGANSize


class Family(NamedTuple):
    """How a family's generators are built.

    Attributes:
        size: the dataclass of their widths.
        sizes: the named ones, {name: size}.
        build: (size, condition_size, latent_size, data_shape) -> generator.
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
        card["latent_size"],
        tuple(card["data_shape"]),
    )
