"""`python -m evaluation.noise_table`: the same as `igc-tf reproduce`."""

from igc_tf.cli.program import run_program


def main():
    import tyro

    from igc_tf.commands.reproduce import reproduce

    return tyro.cli(reproduce, config=(tyro.conf.OmitArgPrefixes,))


if __name__ == "__main__":
    run_program(main)
