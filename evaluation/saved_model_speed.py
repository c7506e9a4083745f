"""`python -m evaluation.saved_model_speed DIR`: seconds of one call of an exported classifier."""

from igc_tf.cli.program import run_program


def main():
    import tyro

    from igc_tf.evaluation.saved_model_speed import SavedModelSpeedOptions, saved_model_speed

    result = saved_model_speed(
        tyro.cli(SavedModelSpeedOptions, config=(tyro.conf.PositionalRequiredArgs,)), report=print
    )
    for row in result["rows"]:
        print(f"{row['images']:6d} images {row['median_seconds']:9.3f} s in the median")


if __name__ == "__main__":
    run_program(main)
