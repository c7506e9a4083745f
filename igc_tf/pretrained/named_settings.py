"""Search settings as the programs are asked for them."""

from igc_tf.pretrained.best_settings import best_settings
from igc_tf.search.settings import SearchSettings


def named_settings(settings, generator):
    """Returns the `SearchSettings` that a name means for a generator.

    Args:
        settings: "paper"; or "best", those chosen on the validation digits.
        generator: a name that ships, or a .keras file.

    Raises:
        InputError: for "best" where none are recorded.
    """
    return best_settings(generator) if settings == "best" else SearchSettings()
