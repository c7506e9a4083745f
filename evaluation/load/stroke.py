"""`python -m evaluation.load.stroke`: how soon after a stroke the page to draw on answers.

In a real browser, Chromium without a window, which Selenium drives; both from this machine.
"""

import os
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Annotated

import numpy as np

from evaluation.load.browser import draw_stroke, find_browser, opened, until
from evaluation.load.service import started
from igc_tf.cli.program import parse_options, run_program
from igc_tf.errors import InputError
from igc_tf.ranges import SEED, Range, check_ranges
from igc_tf.runs import Experiment

_ASKED = "return [document.body.dataset.milliseconds, document.body.dataset.answer]"


@dataclass(frozen=True)
class StrokeOptions:
    """Draw strokes on the page of `igc-tf draw`, and time when the answer changes.

    Attributes:
        generator: a name that ships, or where a generator is kept; of pictures.
        settings: of the search, a name that the generator's card has settings for, or "paper".
        strokes: how many, of places drawn at random; each is added to the ones before, and the
            sheet is cleared after four.
        seed: of the strokes.
        output: directory for result.json.
    """

    generator: str = "mnist-cagan-compact"
    settings: str = "best"
    strokes: Annotated[int, Range(1, 1000)] = 40
    seed: Annotated[int, SEED] = 0
    output: Path = Path("runs/stroke")

    def __post_init__(self):
        check_ranges(self)


def time_strokes(options, verbose=1):
    """Times the page's answers.

    Args:
        options: a `StrokeOptions`.
        verbose: 0 for silence.

    Returns:
        The result, also written as `result.json`: `milliseconds` from the end of each stroke until
        the page shows the first look at what was drawn, 0 where it was answered before the pen was
        lifted; their `median`, and the `percentiles`; and what the browser's console told,
        `console`.

    Raises:
        InputError: if there is no Chromium with its driver.
    """
    if find_browser() is None:
        raise InputError("no Chromium with its driver: expected chromium and chromedriver")
    run = Experiment("python -m evaluation.load.stroke", options, verbose=verbose)
    if run.finished is not None:
        return run.finished
    load = os.getloadavg()[0]
    with started("draw", options.generator, options.settings) as page:
        milliseconds, version, console = _timed(options, page, run)
    percentiles = np.percentile(milliseconds, (50, 90, 99)).tolist()
    return run.finish(
        milliseconds=milliseconds,
        median=median(milliseconds),
        percentiles=dict(zip(("50", "90", "99"), percentiles, strict=True)),
        browser=version,
        console=console,
        load_average={"begin": load, "end": os.getloadavg()[0]},
    )


def _timed(options, page, run):
    from selenium.webdriver import Keys

    random, found = np.random.default_rng(options.seed), []
    with opened(page) as window:
        for number in range(options.strokes):
            if number % 4 == 0:
                window.find_element("id", "sheet").send_keys(Keys.DELETE)
                until(lambda: window.find_element("id", "facts").text.startswith("Draw"))
            window.execute_script("delete document.body.dataset.milliseconds")
            draw_stroke(window, random.uniform(-0.35, 0.35, size=(4, 2)))
            milliseconds, answer = until(lambda: _answered(window))
            found.append(float(milliseconds))
            run.say(f"stroke {number + 1:3d}: {found[-1]:7.1f} ms, {answer}")
        console = [entry["message"] for entry in window.get_log("browser")]
        return found, window.capabilities["browserVersion"], console


def _answered(window):
    milliseconds, answer = window.execute_script(_ASKED)
    return (milliseconds, answer) if milliseconds is not None and answer else None


def main():
    """Runs the experiment with the options of the command line."""
    options = parse_options(StrokeOptions)
    result = time_strokes(options)
    print(f"the answer changes {result['median']:.0f} ms after the stroke's end, in the median")


if __name__ == "__main__":
    run_program(main)
