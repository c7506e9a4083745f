"""Keeps two runs from mixing in one directory."""

from igc_tf.errors import InputError
from igc_tf.runs import differences


def check_same_recipe(run, recipe):
    """Passes if a run directory is new, or its `options.json` holds the very same recipe.

    Args:
        run: a `RunDirectory`.
        recipe: has `to_dict()`, JSON-ready.

    Raises:
        InputError: if another recipe is there; names what differs.
    """
    earlier = run.read_json("options.json")
    if earlier is None:
        return
    different = differences(earlier["recipe"], recipe.to_dict())
    if different:
        raise InputError(
            f"{run.path} holds a run with other options (there, here): {different}. "
            "Give the same options to resume it, or another output directory"
        )
