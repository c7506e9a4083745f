"""Trains a model that ships in its stages, each from the last weights of the one before."""

from pathlib import Path
from typing import Literal, NamedTuple

from igc_tf.cli.program import run_program
from igc_tf.training import NetworkRecipe, Recipe, train_generator, train_network


class Stage(NamedTuple):
    """One training of several.

    Attributes:
        name: of its directory.
        recipe: how it trains.
        start_from: of the first stage, a generator that ships, whose weights are the first ones
            here; None for new ones.
    """

    name: str
    recipe: Recipe
    start_from: str | None = None


def train_stages(stages, output, data=None, data_dir=None, verbose=1):
    """Trains what is not trained yet of a model's stages.

    Args:
        stages: in their order, at least one.
        output: the directory in which each stage has its own, a run directory.
        data: as for the training of the recipes; None for the recipes' data sets.
        data_dir: of TensorFlow Datasets; None for its own default.
        verbose: 0 for silence.

    Returns:
        The directory of the last stage, whose chosen model is the one that ships.
    """
    earlier = stages[0].start_from
    for stage in stages:
        directory = Path(output) / stage.name
        if isinstance(stage.recipe, NetworkRecipe):
            train_network(stage.recipe, directory, data, data_dir, verbose)
        else:
            train_generator(stage.recipe, directory, data, data_dir, earlier, verbose)
        earlier = directory
    return earlier


def stages_program(models):
    """Runs the command line of a file that says how models were made.

    Args:
        models: {the name a model ships under: its stages}.
    """

    def main():
        import tyro

        def train(
            output: Path,
            names: tuple[Literal[tuple(models)], ...] = tuple(models),
            data_dir: Path | None = None,
        ):
            """Trains what ships, or resumes: each stage of a model in a directory of its own.

            Args:
                output: holds a directory for each model.
                names: of the models to train.
                data_dir: of TensorFlow Datasets; its own default if not given.
            """
            for name in names:
                directory = train_stages(models[name], output / name, data_dir=data_dir)
                print(f"{name}: the chosen model lies in {directory}")

        tyro.cli(train)

    run_program(main)
