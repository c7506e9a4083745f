"""The page in a real browser: drawn on, by keys too, looked through, and saved."""

import base64
import io
import json
import time
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image

from evaluation.load.browser import browser_options, find_browser
from igc_tf.classifiers import InvertedGeneratorClassifier
from igc_tf.data.layout import ConditionLayout
from igc_tf.generators.generator import Generator
from igc_tf.search import SearchSettings
from igc_tf.search.observations import AnyOf, Identity, Light, Undone
from igc_tf.serve.application import build_application
from igc_tf.serve.page import LOCAL_HOSTS, page_routes
from tests.fixtures.linear_generator import linear_generator
from tests.serve.drawn import drawn_digit, png
from tests.serve.served import serve_while

_FOUND = find_browser()
_SECONDS = 60
# of a digit, as parts of the sheet's side
_THREE = [
    *((0.3, 0.25), (0.4, 0.17), (0.55, 0.17), (0.66, 0.25), (0.66, 0.36), (0.56, 0.45)),
    *((0.45, 0.47), (0.58, 0.5), (0.69, 0.6), (0.67, 0.74), (0.55, 0.83), (0.4, 0.82)),
    (0.3, 0.74),
]
_DROP = """
const bytes = Uint8Array.from(atob(arguments[0]), (letter) => letter.charCodeAt(0));
const transfer = new DataTransfer();
const more = new Uint8Array(arguments[1]);
transfer.items.add(new File([bytes, more], "dropped.png", { type: "image/png" }));
document.dispatchEvent(new DragEvent("drop", { dataTransfer: transfer, bubbles: true }));
"""
_CHOOSE = """
const $ = (id) => document.getElementById(id);
$("settings").value = arguments[0];
$("settings").dispatchEvent(new Event("change"));
return [
  ...["status", "answer", "facts", "step-text"].map((id) => $(id).textContent),
  ...["step", "save-png", "save-json"].map((id) => $(id).disabled),
];
"""
_OUTLINED = """
const tools = [...document.querySelectorAll(".drawing .tools > :not(.unseen)")];
const outlined = tools.filter((one) => getComputedStyle(one).outlineStyle !== "none");
return outlined.map((one) => one.innerText);
"""
_LONG_NAMES = """
document.getElementById("status").textContent = "name".repeat(50);
const name = document.querySelector("#labels .name span");
name.textContent = "yellow triangle";
return name.scrollWidth <= name.clientWidth;
"""
_HELD_SPACE = {"type": "keyDown", "key": " ", "code": "Space", "autoRepeat": True}
_CORNER = """
const sheet = document.getElementById("sheet").getContext("2d");
return [...sheet.getImageData(0, 0, 1, 1).data];
"""
_CUT = (24, 16, 1)
_CUT_NAMES = [f"a long name of the class {name}" for name in "abc"]
# whatever is written on canvases from now on, as wide as it is by itself
_WRITTEN = """
window.written = [];
const type = CanvasRenderingContext2D.prototype;
const write = type.fillText;
type.fillText = function (text, x, y, ...rest) {
  window.written.push({ text, x, y, width: this.measureText(text).width });
  return write.call(this, text, x, y, ...rest);
};
"""
_GREY = """
const canvas = document.getElementById(arguments[0]);
const { width, height } = canvas;
const copy = new OffscreenCanvas(width, height).getContext("2d", { willReadFrequently: true });
copy.drawImage(canvas, 0, 0);
const { data } = copy.getImageData(0, 0, width, height);
return [...data].filter((value, i) => i % 4 === 0);
"""
_INVITATION = "Draw something, or drop a picture here."

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(_FOUND is None, reason="no Chromium with its driver"),
]


@pytest.fixture(scope="module")
def downloads(tmp_path_factory):
    return tmp_path_factory.mktemp("downloads")


@pytest.fixture(scope="module")
def browser(downloads):
    from selenium import webdriver

    path, driver = _FOUND
    options = browser_options(path)
    options.add_experimental_option("prefs", {"download.default_directory": str(downloads)})
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    with webdriver.Chrome(options=options, service=webdriver.ChromeService(driver)) as window:
        yield window


def _until(condition):
    deadline = time.monotonic() + _SECONDS
    while not (found := condition()):
        assert time.monotonic() < deadline, condition
        time.sleep(0.02)
    return found


def _answer(browser):
    """The answer of a search that has ended."""
    script = "return [document.body.dataset.answer, document.getElementById('step-text').value]"
    answer, step = browser.execute_script(script)
    return answer if answer and len(set(step.split(" of "))) == 1 else None


def _draw(browser, points):
    from selenium.webdriver import ActionChains

    sheet = browser.find_element("id", "sheet")
    sides = sheet.size["width"], sheet.size["height"]
    places = [
        [round((part - 0.5) * side) for part, side in zip(point, sides, strict=True)]
        for point in points
    ]
    actions = ActionChains(browser, duration=5)
    actions.move_to_element_with_offset(sheet, *places[0]).click_and_hold()
    for place in places[1:]:
        actions.move_to_element_with_offset(sheet, *place)
    actions.release().perform()


def _text(browser, name):
    return browser.find_element("id", name).get_attribute("textContent")


def _drop(browser, encoded, more=0):
    """Drops a file, with so many bytes more behind its picture."""
    browser.execute_script(_DROP, base64.b64encode(encoded).decode(), more)


def _opened(browser, shelf):
    """Opens the page, lets a function use it, and sees that it asks for nothing from elsewhere."""
    application = build_application(
        shelf.get(*shelf.first), routes=page_routes(shelf), hosts=LOCAL_HOSTS
    )

    def serve(function):
        def clients(host, port):
            browser.get(f"http://{host}:{port}/")
            _until(lambda: _text(browser, "status").endswith("search steps"))
            function()
            # before the program ends, which the page would tell of
            browser.get("about:blank")
            assert browser.get_log("browser") == []
            asked = _addresses(browser)
            allowed = (f"http://{host}:{port}/", f"ws://{host}:{port}/", "blob:", "data:")
            assert asked and [url for url in asked if not url.startswith(allowed)] == []

        serve_while(application, clients)

    return serve


@pytest.fixture(scope="module")
def use(shelf, browser):
    return _opened(browser, shelf)


@pytest.fixture(scope="module")
def use_cut(browser):
    """The page with a generator of pictures that are cut, 24×16, and with an observation."""
    observation = AnyOf(Identity(), Undone(Light(low=-1.0, high=1.0)), prices=(0.0, 0.002))
    classifier = InvertedGeneratorClassifier(
        Generator(
            linear_generator(data_shape=_CUT, scale=0.1)[0],
            ConditionLayout.classes(_CUT_NAMES),
            bounds=(-1.0, 1.0),
            arrange=False,
        ),
        SearchSettings(steps=2, learning_rate=0.01),
        observation,
    )
    choice = {"generator": "cut", "settings": ["own"], "usual": "own"}
    shelf = SimpleNamespace(
        first=("cut", "own"), choices=[choice], get=lambda generator, settings: classifier
    )
    return _opened(browser, shelf)


def test_a_stroke_is_answered_and_looked_through_and_saved(browser, downloads, use):
    from selenium.webdriver import Keys

    def client():
        assert not browser.find_element("id", "save-json").is_enabled()
        _draw(browser, _THREE)
        _until(lambda: _answer(browser) == "3")
        first = browser.find_element("css selector", "#labels li:first-child")
        assert first.text.startswith("3") and first.get_attribute("class") == "first"
        label = first.find_element("tag name", "canvas").get_attribute("aria-label")
        assert label.startswith("3: place 1 of 10, score -0.0")
        # what a screen reader says, once all is still; in one line with its number
        _until(lambda: "Answer 3" in _text(browser, "spoken"))
        assert "\u00a0%, score" in _text(browser, "spoken")
        # from the stroke's end to the answer; a slow machine may take its time
        assert float(browser.execute_script("return document.body.dataset.milliseconds")) < 10_000

        step = browser.find_element("id", "step")
        step.send_keys(Keys.HOME)
        assert _text(browser, "step-text") == "0 of 8"
        assert "dropped" not in _text(browser, "labels")
        step.send_keys(Keys.END)
        assert _text(browser, "labels").count("dropped") == 7

        browser.find_element("id", "save-json").click()
        saved = json.loads(_until(lambda: _read(downloads / "drawing.json")))
        assert saved["steps"][-1]["answer"] == ["3"] and len(saved["steps"]) == 9
        assert len(saved["picture"]) == 784 and len(saved["reconstructions"]["3"]) == 784
        browser.find_element("id", "save-png").click()
        assert _until(lambda: _read(downloads / "drawing.png")).startswith(b"\x89PNG")

        # what is drawn next is looked at to its end, whatever step one looks at
        step.send_keys(Keys.HOME)
        _drop(browser, drawn_digit(2))
        _until(lambda: _answer(browser) == "2")

    use(client)


def test_keys_draw_and_clear_and_take_back(browser, use):
    from selenium.webdriver import ActionChains, Keys

    def press(*keys):
        ActionChains(browser, duration=5).send_keys(*keys).perform()

    def client():
        _draw(browser, _THREE)
        _until(lambda: _answer(browser) == "3")
        press(Keys.DELETE)
        _until(lambda: _text(browser, "spoken") == _INVITATION)
        assert browser.find_element("id", "step").get_attribute("aria-valuetext") is None
        names = browser.find_elements("css selector", "#labels .name span:first-child")
        assert [name.text for name in names] == list("0123456789")
        # a stroke straight down; Space is held down a while
        press(*15 * Keys.UP, " ")
        browser.execute_cdp_cmd("Input.dispatchKeyEvent", _HELD_SPACE)
        press(*40 * Keys.DOWN, " ")
        _until(lambda: _answer(browser) == "1")
        # what is cleared more than once is taken back at once
        press(*3 * [Keys.DELETE])
        _until(lambda: _text(browser, "facts") == _INVITATION)
        # does not take back
        redo = ActionChains(browser, duration=5).key_down(Keys.CONTROL).key_down(Keys.SHIFT)
        redo.send_keys("z").key_up(Keys.SHIFT).key_up(Keys.CONTROL).perform()
        assert browser.find_element("id", "invitation").is_displayed()
        press(Keys.BACKSPACE)
        _until(lambda: _answer(browser) == "1")
        browser.find_element("id", "undo").click()
        _until(lambda: _text(browser, "facts") == _INVITATION)

        # what is focused is outlined, and nothing else
        browser.find_element("id", "clear").send_keys(Keys.TAB)
        assert browser.switch_to.active_element.get_attribute("id") == "file"
        assert browser.execute_script(_OUTLINED) == ["Open picture …"]

    use(client)


def test_pictures_take_the_sheets_place(browser, use):
    def client():
        _drop(browser, b"no picture")
        complaint = "dropped.png: not a picture that this browser can read"
        _until(lambda: _text(browser, "status") == complaint)
        _drop(browser, png(np.full([40, 40], 255)))
        _until(lambda: _text(browser, "spoken").startswith("The picture is blank"))
        _drop(browser, drawn_digit(7))
        _until(lambda: _answer(browser) == "7")
        status = browser.find_element("id", "status")
        assert status.text == "8 search steps" and status.get_attribute("class") == ""

        # a sheet that is cleared is white again, whatever picture was on it
        _drop(browser, png(np.full([40, 40], 90)))
        _until(lambda: browser.execute_script(_CORNER) == [90, 90, 90, 255])
        browser.find_element("id", "clear").click()
        assert browser.execute_script(_CORNER) == [255, 255, 255, 255]

    use(client)


def test_a_picture_is_read_as_its_file_is_until_one_draws_on_it(browser, shelf, use):
    # so small on so large a page that little of it would be left on the sheet
    page = np.full([1000, 1400], 255, np.uint8)
    with Image.open(io.BytesIO(drawn_digit(2))) as digit:
        page[600:640, 300:340] = digit.resize([40, 40])
    generator = shelf.get(*shelf.first).generator
    low, high = generator.bounds
    read = (generator.picture_frame.decode(png(page)) - low) / (high - low)
    expected = np.rint(255 * read).ravel().tolist()

    def is_read_as_file():
        return _answer(browser) and browser.execute_script(_GREY, "seen") == expected

    def client():
        _drop(browser, png(page))
        _until(is_read_as_file)
        _draw(browser, [(0.2, 0.2), (0.3, 0.3)])
        _until(lambda: not is_read_as_file() and _answer(browser))
        browser.find_element("id", "undo").click()
        _until(is_read_as_file)
        # more than a message holds
        _drop(browser, drawn_digit(7), more=2**24)
        _until(lambda: _answer(browser) == "7")

    use(client)


def test_there_is_no_answer_until_other_settings_are_loaded(browser, use):
    def client():
        _drop(browser, drawn_digit(7))
        _until(lambda: _answer(browser) == "7")
        shown = ["Loading mnist-cagan-compact …", "–", "Loading …", "–", *3 * [True]]
        assert browser.execute_script(_CHOOSE, "fast") == shown
        _until(lambda: _text(browser, "status") == "Ready; no search step")
        _until(lambda: _answer(browser) == "7")

    use(client)


def test_the_page_fits_telephones_and_tablets(browser, use):
    def client():
        _drop(browser, drawn_digit(7))
        _until(lambda: _answer(browser) == "7")
        for width in (320, 390, 780):
            metrics = {"width": width, "height": 844, "deviceScaleFactor": 1, "mobile": True}
            browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
            assert browser.execute_script(_LONG_NAMES)
            assert browser.execute_script("return document.documentElement.scrollWidth") == width
        browser.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})

    use(client)


def _saved(browser, downloads, kind):
    path = downloads / f"drawing.{kind}"
    path.unlink(missing_ok=True)
    browser.find_element("id", f"save-{kind}").click()
    return _until(lambda: _read(path))


def test_a_sheet_that_is_cut_has_the_generators_proportions(browser, downloads, use_cut):
    def client():
        sheet, frame = (browser.find_element("id", name).rect for name in ("sheet", "frame"))
        assert sheet["y"] >= frame["y"]
        assert sheet["y"] + sheet["height"] <= frame["y"] + frame["height"]
        # the whole of the left edge
        _draw(browser, [(0.01, 0.01), (0.01, 0.99)])
        _until(lambda: _answer(browser))
        saved = json.loads(_saved(browser, downloads, "json"))
        seen = np.reshape(saved["picture"], _CUT)[..., 0]
        assert saved["shape"] == list(_CUT)
        assert seen[:, 0].max() < 50 and seen[:, 4:].min() > 200

        browser.execute_script(_WRITTEN)
        picture = Image.open(io.BytesIO(_saved(browser, downloads, "png"))).convert("L")
        # beside the sheet: its first tile, and nothing beside that
        tile = np.asarray(picture)[16:128, 292:404] < 255
        assert tile.any(axis=1).all() and tile.any(axis=0).sum() == round(112 * 16 / 24)

        written = browser.execute_script("return window.written")
        names = [one for one in written if one["text"].startswith("a long") and one["x"] > 260]
        assert len(names) == 3 and all(one["text"].endswith("…") for one in names)
        for name in names:
            (score,) = (
                one for one in written if one["y"] == name["y"] and 0 < one["x"] - name["x"] < 112
            )
            assert name["x"] + name["width"] < score["x"]
            assert score["text"] in [
                f"{value:.4f}" for value in saved["steps"][-1]["scores"].values()
            ]

        # another empty sheet is the same
        browser.find_element("id", "clear").click()
        browser.find_element("id", "undo").click()
        sheet = browser.find_element("id", "sheet")
        for _ in range(2):
            assert (sheet.get_attribute("width"), sheet.get_attribute("height")) == ("299", "448")
            browser.find_element("id", "clear").click()

    use_cut(client)


def test_what_happened_to_a_picture_is_saved(browser, downloads, use_cut):
    data = np.random.default_rng(0).uniform(-0.2, 0.2, _CUT)
    data[:6] = 1
    pixels = np.rint(127.5 * (1 + data[..., 0]))

    def client():
        _drop(browser, png(pixels))
        _until(lambda: _answer(browser))
        told = _text(browser, "explanation")
        saved = json.loads(_saved(browser, downloads, "json"))
        assert saved["explanation"] == told != ""
        # what the page shows beside the answer
        for name, canvas in (("compared", "seen"), ("observed", "observed")):
            assert saved[name] == browser.execute_script(_GREY, canvas), name

        browser.execute_script(_WRITTEN)
        height = Image.open(io.BytesIO(_saved(browser, downloads, "png"))).height
        under = browser.execute_script("return window.written.filter((one) => one.x === 16)")
        # below the answer and the settings
        lines = under[2:]
        assert " ".join(line["text"] for line in lines) == told
        assert all(line["width"] <= 260 and line["y"] + 4 < height for line in lines)
        places = [line["y"] for line in under]
        assert places == sorted(set(places))

    use_cut(client)


def _read(path):
    return path.read_bytes() if path.exists() else None


def _addresses(browser):
    """Whatever the page asked for."""
    events = [json.loads(entry["message"])["message"] for entry in browser.get_log("performance")]
    found = []
    for event in events:
        if event["method"] == "Network.requestWillBeSent":
            found.append(event["params"]["request"]["url"])
        elif event["method"] == "Network.webSocketCreated":
            found.append(event["params"]["url"])
    return found
