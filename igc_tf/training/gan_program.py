"""The command line of the programs that train a GAN."""

from pathlib import Path


def gan_program(train, recipes):
    """Runs `train` as the command line asks: a recipe's name first, then changes to it.

    Args:
        train: `(recipe, output, data_dir) -> path of the chosen generator`.
        recipes: {name: recipe}, all of one dataclass.

    Returns:
        The exit code.
    """
    import tyro

    def command(default):
        def run(
            output: Path,
            recipe: tyro.conf.OmitArgPrefixes[type(default)] = default,
            data_dir: Path | None = None,
        ) -> int:
            """Trains, or resumes the unfinished run that the output directory holds.

            Args:
                output: the run directory.
                recipe: what to train and how.
                data_dir: of TensorFlow Datasets; its own default if not given.
            """
            print(f"the chosen generator: {train(recipe, output, data_dir)}")
            return 0

        return run

    return tyro.extras.subcommand_cli_from_dict(
        {name: command(recipe) for name, recipe in recipes.items()}
    )
