"""`python -m training.conditional_gan compact|document`: trains the conditional GAN of 000."""

from pathlib import Path

from igc_tf.program import run_program


def main():
    import tyro

    from igc_tf.training import (
        CONDITIONAL_GAN_RECIPES,
        ConditionalGANRecipe,
        train_conditional_gan,
    )

    def trainer(default):
        def train(
            output: Path,
            recipe: tyro.conf.OmitArgPrefixes[ConditionalGANRecipe] = default,
            data_dir: Path | None = None,
        ) -> int:
            """Trains, or resumes the unfinished run that the output directory holds.

            Args:
                output: the run directory.
                recipe: what to train and how.
                data_dir: of TensorFlow Datasets; its own default if not given.
            """
            print(f"the chosen generator: {train_conditional_gan(recipe, output, data_dir)}")
            return 0

        return train

    return tyro.extras.subcommand_cli_from_dict(
        {size: trainer(recipe) for size, recipe in CONDITIONAL_GAN_RECIPES.items()}
    )


if __name__ == "__main__":
    run_program(main)
