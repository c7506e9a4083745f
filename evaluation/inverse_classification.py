"""`python -m evaluation.inverse_classification`: the experiments of 000, and a comparison."""

from igc_tf.cli.program import run_program


def main():
    import tyro

    from igc_tf.evaluation.inverse_classification import (
        InverseClassificationOptions,
        inverse_classification,
    )
    from igc_tf.evaluation.inverse_tables import inverse_tables

    options = tyro.cli(InverseClassificationOptions)
    print(inverse_tables(inverse_classification(options)))
    print(f"\nanswers, figures and result.json: {options.output}")


if __name__ == "__main__":
    run_program(main)
