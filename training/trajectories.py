"""`python -m training.trajectories --output DIR`: trains an LSTM on pen trajectories."""

from pathlib import Path
from typing import Literal

from igc_tf.cli.program import run_program


def main():
    import tyro

    from igc_tf.training import SequenceRecipe, train_trajectories

    default = SequenceRecipe()

    def train(
        output: Path,
        recipe: tyro.conf.OmitArgPrefixes[SequenceRecipe] = default,
        data: Literal["synthetic"] | Path | None = None,
    ) -> int:
        """Trains, or resumes the unfinished run that the output directory holds.

        Args:
            output: the run directory.
            recipe: what to train and how.
            data: the .mat file of the UCI Character Trajectories, or "synthetic" for strokes made
                in code; if not given, the environment variable IGC_TF_TRAJECTORIES names the
                file.
        """
        evaluation = train_trajectories(recipe, output, data)
        print(f"{output}: validation trajectories {evaluation}")
        return 0

    return tyro.cli(train)


if __name__ == "__main__":
    run_program(main)
