"""The search that suits a generator best."""

from igc_tf.errors import InputError
from igc_tf.generators.store import generator_card, generator_names
from igc_tf.search.settings import SearchSettings


def best_settings(name):
    """Returns the `SearchSettings` chosen on the validation digits for a generator that ships.

    Raises:
        InputError: for a generator without such a choice; only the shipped ones have one.
    """
    settings = generator_card(name)["settings"] if name in generator_names() else {}
    values = settings.get("best")
    if values is None:
        raise InputError(
            f"no best settings are recorded for generator {str(name)!r}; choose them with "
            "python -m evaluation.search_settings, or use the paper's (--settings paper)"
        )
    return SearchSettings.from_dict(values)
