"""`python -m evaluation.export_parity DIR`: an exported classifier beside the Python one."""

from igc_tf.cli.program import run_program


def main():
    import tyro

    from igc_tf.evaluation.export_parity import ExportParityOptions, export_parity

    options = tyro.cli(ExportParityOptions, config=(tyro.conf.PositionalRequiredArgs,))
    result = export_parity(options, report=print)
    verdict = "agrees" if result["agrees"] else "DISAGREES"
    share = 100 * min(row["required_share"] for row in result["rows"])
    print(f"{verdict} (same labels, {share:g} % within {result['tolerance']:g}): {options.output}")
    return 0 if result["agrees"] else 1


if __name__ == "__main__":
    run_program(main)
