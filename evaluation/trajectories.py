"""`python -m evaluation.trajectories`: inverse classification of pen trajectories (001)."""

from igc_tf.cli.program import run_program


def main():
    import tyro

    from igc_tf.evaluation.trajectories import TrajectoriesOptions, evaluate_trajectories

    print(evaluate_trajectories(tyro.cli(TrajectoriesOptions), report=print))


if __name__ == "__main__":
    run_program(main)
