"""`python -m evaluation.search_settings`: chooses search settings on the validation digits."""

import json

from igc_tf.cli.program import run_program


def main():
    import tyro

    from igc_tf.evaluation.search_settings import SearchSettingsOptions, choose_search_settings

    settings = choose_search_settings(tyro.cli(SearchSettingsOptions), report=print)
    print(json.dumps(settings.to_dict(), indent=2))


if __name__ == "__main__":
    run_program(main)
