"""`python -m evaluation.multi_label`: several labels per digit, beside LeNet."""

from igc_tf.cli.program import run_program


def main():
    import tyro

    from igc_tf.evaluation.multi_label import MultiLabelOptions, multi_label_table

    print(multi_label_table(tyro.cli(MultiLabelOptions), report=print))
    return 0


if __name__ == "__main__":
    run_program(main)
