"""Says in a run directory what is trained there."""

from igc_tf.errors import InputError
from igc_tf.runs import describe_environment


def begin_run(run, recipe, data, **more):
    """Writes `options.json`; on a run that goes on, checks that the data are still the same.

    Args:
        run: a `RunDirectory`; that its recipe is the same is `check_same_recipe`'s to check,
            before the data are loaded.
        recipe: has `to_dict()`, JSON-ready.
        data: `source` and counts, JSON-ready.
        more: what else to keep, JSON-ready.

    Raises:
        InputError: if the directory holds a run on other data.
    """
    earlier = run.read_json("options.json")
    if earlier is None:
        run.write_json(
            "options.json",
            {
                **more,
                "recipe": recipe.to_dict(),
                "data": data,
                "environment": describe_environment(),
            },
        )
    elif earlier["data"] != data:
        raise InputError(
            f"{run.path} holds a run on other data, {earlier['data']}, than given, {data}: "
            "expected the same to resume it, or another output directory"
        )
