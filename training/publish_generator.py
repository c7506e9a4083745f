"""`python -m training.publish_generator NAME RUN`: ships a training run's generator."""

from pathlib import Path

from igc_tf.program import run_program


def main():
    import tyro

    from igc_tf.pretrained import publish_generator
    from igc_tf.run_directory import RunDirectory

    def publish(
        name: tyro.conf.Positional[str],
        run: tyro.conf.Positional[Path],
        commit: str,
        command: str,
        search_settings: Path | None = None,
        noise_tables: tuple[Path, ...] = (),
        inverse_classification: Path | None = None,
    ) -> int:
        """Writes the weights and the card of a generator into igc_tf/pretrained.

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
        given = (run, *noise_tables, search_settings, inverse_classification)
        results = {
            # looking must not make a directory where none is
            path: RunDirectory(path).read_json("result.json") if path.is_dir() else None
            for path in filter(None, given)
        }
        for path, result in results.items():
            # a training writes its result only when it is finished
            if result is None or not result.get("complete", path == run):
                raise ValueError(f"{path} holds no finished run: expected a complete result.json")
        best = None
        if search_settings is not None:
            best = results[search_settings]["best_settings"]
        tables = [results[path] for path in noise_tables]
        metrics = [
            {key: table[key] for key in ("program", "options", "search", "data", "rows")}
            for table in tables
        ]
        if inverse_classification is not None:
            table = results[inverse_classification]
            latent_size = RunDirectory(run).read_json("options.json")["recipe"]["latent_size"]
            rows = [
                row
                for row in table["rows"]
                if row["split"] == "test" and row["latent_size"] == latent_size
            ]
            metrics.append(
                {**{key: table[key] for key in ("program", "options", "data")}, "rows": rows}
            )
        card = publish_generator(RunDirectory(run), name, commit, command, best, metrics)
        print(f"{name}: {card['parameters']:,} parameters, epoch {card['chosen_epoch']['epoch']}")
        return 0

    return tyro.cli(publish)


if __name__ == "__main__":
    run_program(main)
