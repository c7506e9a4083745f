"""`python -m evaluation.export_parity DIR`: an exported classifier beside the Python one."""

from igc_tf.program import run_program


def main():
    import tyro

    from igc_tf.evaluation.export_parity import ExportParityOptions, export_parity

    options = tyro.cli(ExportParityOptions, config=(tyro.conf.PositionalRequiredArgs,))
    result = export_parity(options, report=print)
    verdict = "agrees" if result["agrees"] else "DISAGREES"
    share, tolerance = 100 * result["required_share"], result["tolerance"]
    print(f"{verdict} (same labels, {share:g} % within {tolerance:g}): {options.output}")
    return 0 if result["agrees"] else 1


if __name__ == "__main__":
    run_program(main)
