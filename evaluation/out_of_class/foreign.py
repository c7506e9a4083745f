"""Images that are none of the classes: letters, noise, discs, blank pages, clothes."""

from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from igc_tf.data import load_images
from igc_tf.data.ink import arrange_ink

# without those that are written as digits are: B, b, g, I, i, L, l, O, o, q, S, s, Z, z
LETTERS = "ACDEFGHJKMNPQRTUVWXYacdefhjkmnprtuvwxy"
# text faces that matplotlib ships, other ones for choices than for what is reported
FONTS = {
    "test": (
        *("DejaVuSans", "DejaVuSans-Bold", "DejaVuSans-Oblique", "DejaVuSerif"),
        *("DejaVuSerif-Bold", "DejaVuSerif-Italic", "DejaVuSansMono", "DejaVuSansMono-Oblique"),
    ),
    "validation/choices": (
        *("STIXGeneral", "STIXGeneralBol", "STIXGeneralItalic", "STIXGeneralBolIta"),
        *("cmr10", "cmss10", "cmtt10", "cmb10"),
    ),
}
# pixels that a letter is drawn in before it is brought to the frame
_SIZE = 64


def letters(rng, count, frame, split):
    """Letters in several typefaces, arranged in the frame as MNIST's digits are.

    Args:
        rng: a NumPy random generator.
        count: N.
        frame: (H, W), pixels.
        split: "test" or "validation/choices": which typefaces.

    Returns:
        float64 (N, H, W) in [0, 1], ink 1.
    """
    import matplotlib

    folder = Path(matplotlib.get_data_path()) / "fonts" / "ttf"
    fonts = [ImageFont.truetype(str(folder / f"{name}.ttf"), _SIZE) for name in FONTS[split]]
    found = []
    for _ in range(count):
        page = Image.new("L", (2 * _SIZE, 2 * _SIZE))
        font, letter = fonts[rng.integers(len(fonts))], LETTERS[rng.integers(len(LETTERS))]
        ImageDraw.Draw(page).text((_SIZE, _SIZE), letter, fill=255, font=font, anchor="mm")
        found.append(arrange_ink(np.asarray(page) / 255.0, frame))
    return np.stack(found)


def noise(rng, count, frame, split):
    """Every pixel of any grey; arguments and result as of `letters`."""
    del split
    return rng.random([count, *frame])


def discs(rng, count, frame, split):
    """White discs anywhere, with radii from a tenth to a third of the frame's side; likewise."""
    del split
    side = min(frame)
    radii = rng.uniform(side / 10, side / 3, [count, 1, 1])
    rows, columns = (
        np.indices(frame)[axis] - rng.uniform(side / 4, 3 * side / 4, [count, 1, 1])
        for axis in (0, 1)
    )
    return np.clip(radii + 0.5 - np.hypot(rows, columns), 0, 1)


def blank(rng, count, frame, split):
    """Evenly grey pages, each of another grey; likewise."""
    del split
    return np.broadcast_to(rng.random([count, 1, 1]), [count, *frame]).copy()


def clothes(rng, count, frame, split, data_dir=None):
    """Fashion-MNIST, if it was prepared or imported before; likewise.

    Raises:
        DataError: if it was not.
    """
    del frame
    data = load_images("fashion_mnist", split, data_dir, download=False, bounds=(0.0, 1.0))
    chosen = rng.permutation(len(data))[:count]
    return data.images[chosen, ..., 0].astype(float)


MADE = {"letters": letters, "noise": noise, "discs": discs, "blank": blank}
CLOTHES = "clothes"
