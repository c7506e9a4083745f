"""The five models that "Inverse classification using generative models" compares."""

from typing import NamedTuple

from igc_tf.training import SequenceRecipe


class TrajectoryMethod(NamedTuple):
    """One of the document's models.

    Attributes:
        network: "generator", inverted, or "classifier", forward.
        per_class: training trajectories of each letter; None takes all.
    """

    network: str
    per_class: int | None


TRAJECTORY_METHODS = {
    "sparse1": TrajectoryMethod("generator", 1),
    "sparse4": TrajectoryMethod("generator", 4),
    "all data": TrajectoryMethod("generator", None),
    "comparison": TrajectoryMethod("classifier", None),
    "sparse comparison": TrajectoryMethod("classifier", 4),
}


def method_recipe(name, classes, seed, options):
    """The `SequenceRecipe` of a method, by its name in `TRAJECTORY_METHODS`.

    Args:
        name: of the method.
        classes: letters.
        seed: of drawn trajectories, weights, order and noise.
        options: a `TrajectoriesOptions`.
    """
    method = TRAJECTORY_METHODS[name]
    return SequenceRecipe(
        network=method.network,
        classes=classes,
        per_class=method.per_class,
        input_noise=options.input_noise,
        units=options.units,
        epochs=options.epochs,
        subsampling=options.subsampling,
        seed=seed,
    )
