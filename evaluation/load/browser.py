"""A browser without a window, driven by Selenium: the page to draw on, as people use it."""

import contextlib
import shutil
import time

import numpy as np

from igc_tf.errors import InputError

_BROWSERS = ("chromium", "chromium-browser", "google-chrome")
_ARGUMENTS = (
    *("headless=new", "no-sandbox", "disable-gpu", "no-proxy-server"),
    *("disable-dev-shm-usage", "window-size=1280,900"),
)
# seconds until the page is there, or an answer
_PATIENCE = 60


def find_browser():
    """Returns the paths of Chromium and of its driver; None if one is missing."""
    browser = next((path for path in map(shutil.which, _BROWSERS) if path), None)
    driver = shutil.which("chromedriver")
    return (browser, driver) if browser and driver else None


def browser_options(browser):
    """Selenium's options for Chromium, given by its path: no window, 1280 × 900 pixels."""
    from selenium import webdriver

    options = webdriver.ChromeOptions()
    options.binary_location = browser
    for argument in _ARGUMENTS:
        options.add_argument(f"--{argument}")
    return options


@contextlib.contextmanager
def opened(service):
    """A browser, Selenium's driver, in which the page of a service is ready to be drawn on.

    Args:
        service: a `Service` of `igc-tf draw`.

    Raises:
        InputError: if there is no Chromium with its driver, or the page does not come.
    """
    found = find_browser()
    if found is None:
        raise InputError("no Chromium with its driver: expected chromium and chromedriver")
    from selenium import webdriver

    browser, driver = found
    options = browser_options(browser)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    with webdriver.Chrome(options=options, service=webdriver.ChromeService(driver)) as window:
        window.get(f"http://{service.host}:{service.port}/")
        until(lambda: "search step" in window.find_element("id", "status").text)
        yield window


def draw_stroke(window, places):
    """Draws a stroke through places (N, 2), right and down: parts of the side from the middle."""
    from selenium.webdriver import ActionChains

    sheet = window.find_element("id", "sheet")
    sides = np.array([sheet.size["width"], sheet.size["height"]])
    actions = ActionChains(window, duration=30)
    first, *others = np.rint(places * sides).astype(int).tolist()
    actions.move_to_element_with_offset(sheet, *first).click_and_hold()
    for place in others:
        actions.move_to_element_with_offset(sheet, *place)
    actions.release().perform()


def until(condition):
    """Waits for a condition, and returns what it then gives.

    Raises:
        InputError: if it does not hold within a minute.
    """
    deadline = time.monotonic() + _PATIENCE
    while not (found := condition()):
        if time.monotonic() > deadline:
            raise InputError(f"the page does not answer within {_PATIENCE} s")
        time.sleep(0.02)
    return found
