"""`python -m training.lenet --output DIR`: trains LeNet."""

from pathlib import Path

from igc_tf.cli.program import run_program


def main():
    import tyro

    from igc_tf.runs import RunDirectory
    from igc_tf.training import LeNetRecipe, train_lenet

    default = LeNetRecipe()

    def train(
        output: Path,
        recipe: tyro.conf.OmitArgPrefixes[LeNetRecipe] = default,
        data_dir: Path | None = None,
    ) -> int:
        """Trains, or resumes the unfinished run that the output directory holds.

        Args:
            output: the run directory.
            recipe: what to train on and how.
            data_dir: of TensorFlow Datasets; its own default if not given.
        """
        path = train_lenet(recipe, output, data_dir)
        result = RunDirectory(output).read_json("result.json")
        print(f"the chosen network, of epoch {result['best']['epoch']}: {path}")
        print("sigma   test accuracy   95 % interval")
        for row in result["test"]:
            low, high = row["interval"]
            print(
                f"{row['sigma']:5g} {100 * row['accuracy']:13.2f} %   "
                f"{100 * low:5.2f} to {100 * high:5.2f}"
            )
        return 0

    return tyro.cli(train)


if __name__ == "__main__":
    run_program(main)
