"""`python -m evaluation.load.stroke`: how soon after a stroke the page to draw on answers.

In a real browser, Chromium without a window, which Selenium drives; both from this machine.
"""

import os
import shutil
import time
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Annotated

import numpy as np

from evaluation.load.service import started
from igc_tf.cli.program import parse_options, run_program
from igc_tf.errors import InputError
from igc_tf.ranges import SEED, Range, check_ranges
from igc_tf.runs import Experiment

_BROWSERS = ("chromium", "chromium-browser", "google-chrome")
_ARGUMENTS = ("headless=new", "no-sandbox", "disable-gpu", "no-proxy-server")
# seconds until the page is there, or an answer
_PATIENCE = 60
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


def find_browser():
    """Returns the path of Chromium; None if there is none."""
    return next((path for path in map(shutil.which, _BROWSERS) if path), None)


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
    browser, driver = find_browser(), shutil.which("chromedriver")
    if browser is None or driver is None:
        raise InputError("no Chromium with its driver: expected chromium and chromedriver")
    run = Experiment("python -m evaluation.load.stroke", options, verbose=verbose)
    load = os.getloadavg()[0]
    with started("draw", options.generator, options.settings) as page:
        milliseconds, version, console = _timed(options, page, browser, driver, run)
    percentiles = np.percentile(milliseconds, (50, 90, 99)).tolist()
    return run.finish(
        milliseconds=milliseconds,
        median=median(milliseconds),
        percentiles=dict(zip(("50", "90", "99"), percentiles, strict=True)),
        browser=version,
        console=console,
        load_average={"begin": load, "end": os.getloadavg()[0]},
    )


def _timed(options, page, browser, driver, run):
    from selenium import webdriver
    from selenium.webdriver import Keys

    chosen = webdriver.ChromeOptions()
    chosen.binary_location = browser
    for argument in (*_ARGUMENTS, "disable-dev-shm-usage", "window-size=1280,900"):
        chosen.add_argument(f"--{argument}")
    chosen.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    random, found = np.random.default_rng(options.seed), []
    with webdriver.Chrome(options=chosen, service=webdriver.ChromeService(driver)) as window:
        window.get(f"http://{page.host}:{page.port}/")
        sheet = window.find_element("id", "sheet")
        _until(lambda: "search step" in window.find_element("id", "status").text)
        for number in range(options.strokes):
            if number % 4 == 0:
                sheet.send_keys(Keys.DELETE)
                _until(lambda: window.find_element("id", "facts").text.startswith("Draw"))
            window.execute_script("delete document.body.dataset.milliseconds")
            _draw(window, sheet, random.uniform(-0.35, 0.35, size=(4, 2)))
            milliseconds, answer = _until(lambda: _answered(window))
            found.append(float(milliseconds))
            run.say(f"stroke {number + 1:3d}: {found[-1]:7.1f} ms, {answer}")
        console = [entry["message"] for entry in window.get_log("browser")]
        return found, window.capabilities["browserVersion"], console


def _answered(window):
    milliseconds, answer = window.execute_script(_ASKED)
    return (milliseconds, answer) if milliseconds is not None and answer else None


def _draw(window, sheet, places):
    """A stroke through places, parts of the sheet's side from its middle."""
    from selenium.webdriver import ActionChains

    sides = np.array([sheet.size["width"], sheet.size["height"]])
    actions = ActionChains(window, duration=30)
    first, *others = np.rint(places * sides).astype(int).tolist()
    actions.move_to_element_with_offset(sheet, *first).click_and_hold()
    for place in others:
        actions.move_to_element_with_offset(sheet, *place)
    actions.release().perform()


def _until(condition):
    deadline = time.monotonic() + _PATIENCE
    while not (found := condition()):
        if time.monotonic() > deadline:
            raise InputError(f"the page does not answer within {_PATIENCE} s")
        time.sleep(0.02)
    return found


def main():
    """Runs the experiment with the options of the command line."""
    options = parse_options(StrokeOptions)
    result = time_strokes(options)
    print(f"the answer changes {result['median']:.0f} ms after the stroke's end, in the median")


if __name__ == "__main__":
    run_program(main)
