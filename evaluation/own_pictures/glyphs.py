"""Letters, digits and signs from fonts, whole families kept apart for what is new."""

from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

LETTERS = tuple("ABDEGHKMRS")
SIGNS = tuple(
    "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
    "αβγδεζηθλμξπρστφχψωΓΔΘΛΞΠΣΦΨΩ+=?!&%#@$"
)
# the families of which matplotlib ships the files, and the one that Pillow holds (None)
_DEJAVU = {
    "DejaVu Sans": ("", "-Bold", "-Oblique", "-BoldOblique"),
    "DejaVu Sans Mono": ("", "-Bold", "-Oblique", "-BoldOblique"),
    "DejaVu Serif": ("", "-Bold", "-Italic", "-BoldItalic"),
}
FAMILIES = {
    **{
        name: tuple(f"{name.replace(' ', '')}{face}.ttf" for face in faces)
        for name, faces in _DEJAVU.items()
    },
    "Computer Modern": tuple(f"cm{face}10.ttf" for face in ("r", "ss", "tt", "b")),
    "STIX": tuple(f"STIXGeneral{face}.ttf" for face in ("", "Bol", "Italic", "BolIta")),
    "Aileron": (None,),
}
# families of pictures that one has, and of those that are new; not all have all signs
LETTER_FAMILIES = (
    ("DejaVu Sans", "DejaVu Sans Mono", "DejaVu Serif", "Computer Modern"),
    ("STIX", "Aileron"),
)
SIGN_FAMILIES = (("DejaVu Sans", "DejaVu Sans Mono", "DejaVu Serif"), ("STIX",))


def letters(count, families, seed):
    """Draws letters as people scan them: dark on light, of any size, anywhere on the page.

    Args:
        count: N.
        families: names of `FAMILIES`.
        seed: decides everything.

    Returns:
        `(pictures, labels)`: N arrays uint8 (H, W), each of a size of its own, and int64 (N,),
        places in `LETTERS`.
    """
    rng = np.random.default_rng(seed)
    labels = np.arange(count) % len(LETTERS)
    return [_scanned(rng, LETTERS[label], families) for label in labels], labels


def signs(count, families, seed, side=32):
    """Draws a hundred letters, digits and signs as a typesetter places them, light on dark.

    Upper and lower case are told by size and place, which vary a little only.

    Args:
        count, families, seed: as for `letters`.
        side: of each picture, pixels.

    Returns:
        `(pictures, labels)`: uint8 (N, side, side), and int64 (N,), places in `SIGNS`.
    """
    rng = np.random.default_rng(seed)
    labels = np.arange(count) % len(SIGNS)
    return np.stack([_set(rng, SIGNS[label], families, side) for label in labels]), labels


def _scanned(rng, letter, families):
    height, width = rng.integers(70, 160, 2)
    ink, page = rng.integers(0, 90), rng.integers(170, 256)
    size = int(rng.uniform(0.4, 0.65) * min(height, width))
    picture = Image.new("L", (int(width), int(height)), int(page))
    room = (width - size, height - size)
    place = [size / 2 + rng.uniform(0.1, 0.9) * left for left in room]
    font = _font(rng, families, size)
    ImageDraw.Draw(picture).text(place, letter, fill=int(ink), font=font, anchor="mm")
    turned = picture.rotate(rng.uniform(-8, 8), Image.Resampling.BICUBIC, fillcolor=int(page))
    noised = np.asarray(turned) + rng.normal(0, 3, (height, width))
    return np.clip(np.round(noised), 0, 255).astype(np.uint8)


def _set(rng, letter, families, side):
    # drawn larger, then reduced: smooth edges
    fine = 4 * side
    picture = Image.new("L", (fine, fine))
    font = _font(rng, families, round(rng.uniform(0.66, 0.74) * fine))
    place = (0.5 + rng.uniform(-0.04, 0.04)) * fine, (0.72 + rng.uniform(-0.03, 0.03)) * fine
    ImageDraw.Draw(picture).text(place, letter, fill=255, font=font, anchor="ms")
    turned = picture.rotate(rng.uniform(-4, 4), Image.Resampling.BICUBIC)
    return np.asarray(turned.resize((side, side), Image.Resampling.BOX))


def _font(rng, families, size):
    """A face of one of the families, each family as likely."""
    import matplotlib

    faces = FAMILIES[families[rng.integers(len(families))]]
    face = faces[rng.integers(len(faces))]
    if face is None:
        return ImageFont.load_default(size)
    folder = Path(matplotlib.get_data_path()) / "fonts" / "ttf"
    return ImageFont.truetype(str(folder / face), size)
