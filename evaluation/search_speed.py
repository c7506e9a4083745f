"""`python -m evaluation.search_speed`: the batched engine beside one image at a time."""

from igc_tf.cli.program import run_program


def main():
    import tyro

    from igc_tf.evaluation.search_speed import SearchSpeedOptions, search_speed

    result = search_speed(tyro.cli(SearchSpeedOptions), report=print)
    for name, factor in result["batched_is_faster_by"].items():
        print(f"{name:24} {result['median'][name]:8.2f} images a second; batched is {factor:.1f} ×")


if __name__ == "__main__":
    run_program(main)
