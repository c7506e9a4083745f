"""`python -m evaluation.fid`: FID and KID of a generator's images, per class and of all."""

from igc_tf.cli.program import run_program


def main():
    import tyro

    from igc_tf.evaluation.fid import FIDOptions, measure_fid

    table = measure_fid(tyro.cli(FIDOptions), report=lambda line: print(line, flush=True))
    print()
    print(table)


if __name__ == "__main__":
    run_program(main)
