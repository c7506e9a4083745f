"""`python -m training.publish_lenet NAME RUN`: ships a training run's LeNet."""

from pathlib import Path

from igc_tf.cli.program import run_program


def main():
    import tyro

    from igc_tf.pretrained import publish_lenet
    from igc_tf.runs import RunDirectory

    def publish(
        name: tyro.conf.Positional[str],
        run: tyro.conf.Positional[Path],
        commit: str,
        command: str,
    ) -> int:
        """Writes the weights and the card of a LeNet into igc_tf/classifiers/weights.

        Args:
            name: what load_lenet will know it as.
            run: the directory of the training run.
            commit: of the code that trained it.
            command: that trained it.
        """
        if not (run / "result.json").is_file():
            raise ValueError(f"{run} holds no result.json: expected a finished run")
        source = RunDirectory(run)
        metrics = {"test": source.read_json("result.json")["test"]}
        card = publish_lenet(source, name, commit, command, metrics)
        print(f"{name}: {card['parameters']:,} parameters, epoch {card['chosen_epoch']['epoch']}")
        return 0

    return tyro.cli(publish)


if __name__ == "__main__":
    run_program(main)
