"""`python -m training.publish_generator NAME RUN`: ships a training run's generator."""

from pathlib import Path

from igc_tf.cli.program import run_program


def main():
    import tyro

    from igc_tf.pretrained import collect_findings, publish_generator
    from igc_tf.runs import RunDirectory

    def publish(
        name: tyro.conf.Positional[str],
        run: tyro.conf.Positional[Path],
        commit: str,
        command: str,
        search_settings: Path | None = None,
        noise_tables: tuple[Path, ...] = (),
        inverse_classification: Path | None = None,
    ) -> int:
        """Writes the weights and the card of a generator into igc_tf/generators/weights.

        Args:
            name: what load_generator will know it as.
            run: the directory of the training run.
            commit: of the code that trained it.
            command: that trained it.
            search_settings: a directory of evaluation.search_settings, or of
                evaluation.inverse_classification, for the best settings.
            noise_tables: directories of evaluation.noise_table, for the card's metrics.
            inverse_classification: a directory of evaluation.inverse_classification, likewise.
        """
        findings = collect_findings(run, search_settings, noise_tables, inverse_classification)
        card = publish_generator(RunDirectory(run), name, commit, command, *findings)
        print(f"{name}: {card['parameters']:,} parameters, epoch {card['chosen_epoch']['epoch']}")
        return 0

    return tyro.cli(publish)


if __name__ == "__main__":
    run_program(main)
