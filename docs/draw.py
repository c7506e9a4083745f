"""Takes the pictures of the page to draw on anew: `python docs/draw.py`, with Chromium."""

import io
from pathlib import Path

import numpy as np
from PIL import Image

from evaluation.load.browser import draw_stroke, opened, until
from evaluation.load.service import started

_HERE = Path(__file__).parent
_WIDE, _NARROW, _PART = (1280, 857), (390, 1360), (856, 560)
# of the picture of all strokes
_SHOWN, _GAP, _PAGE = (560, 366), 12, (255, 255, 255)
# a three in three strokes
_THREE = (
    ((-0.20, -0.25), (-0.08, -0.34), (0.06, -0.34), (0.18, -0.25), (0.18, -0.13)),
    ((0.18, -0.13), (0.06, -0.05), (-0.06, -0.03), (0.06, 0.0), (0.17, 0.10)),
    ((0.17, 0.10), (0.20, 0.13), (0.17, 0.28), (0.07, 0.36), (-0.08, 0.35), (-0.2, 0.25)),
)
_LOOK = "return [document.body.dataset.answer, document.getElementById('step-text').value]"


def _answered(window, strokes):
    """Whether so many strokes have been looked at to the end."""
    answer, step = window.execute_script(_LOOK)
    return answer == ("7", "2", "3")[strokes] and len(set(step.split(" of "))) == 1


def _picture(window, size):
    """The page in a window of a size, pixels."""
    window.execute_cdp_cmd(
        "Emulation.setDeviceMetricsOverride",
        {"width": size[0], "height": size[1], "deviceScaleFactor": 1, "mobile": False},
    )
    window.execute_cdp_cmd("Emulation.setScrollbarsHidden", {"hidden": True})
    until(lambda: window.execute_script("return innerWidth") == size[0])
    return Image.open(io.BytesIO(window.get_screenshot_as_png())).convert("RGB")


def main():
    """Draws a three, stroke after stroke, and writes the three pictures beside this file."""
    with started("draw", "mnist-cagan-compact", "best") as page, opened(page) as window:
        steps = []
        for number, stroke in enumerate(_THREE):
            _picture(window, _WIDE)
            draw_stroke(window, np.array(stroke))
            until(lambda number=number: _answered(window, number))
            steps.append(_picture(window, _PART).resize(_SHOWN, Image.Resampling.LANCZOS))
        _picture(window, _WIDE).save(_HERE / "draw.png", optimize=True)
        _picture(window, _NARROW).save(_HERE / "draw_narrow.png", optimize=True)
    width, height = _SHOWN
    strip = Image.new("RGB", (len(steps) * (width + _GAP) - _GAP, height), _PAGE)
    for number, step in enumerate(steps):
        strip.paste(step, (number * (width + _GAP), 0))
    strip.save(_HERE / "draw_steps.png", optimize=True)


if __name__ == "__main__":
    main()
