"""Reads a picture of one digit and arranges it as MNIST does."""

import os
import warnings
from pathlib import Path
from tokenize import TokenError

import numpy as np

from igc_tf.errors import ImageFileError

MAX_PIXELS = 64_000_000
# 64 megapixels of float64, the largest NPY file with so many grey pixels.
MAX_FILE_BYTES = 8 * MAX_PIXELS + 4096
SIZE = 28
# MNIST fits the ink into a box of 20x20 and puts its centre of mass at pixel (14, 14).
BOX = 20
CENTRE = 14
# Rec. 601 luma, the weights that Pillow's grey conversion uses.
_LUMA = np.array([0.299, 0.587, 0.114])
# An image whose values differ from its background by less than this holds no ink.
_LEAST_CONTRAST = 0.1
# Whatever is fainter than this part of the strongest ink is not part of the digit.
_FAINTEST_INK = 0.05


def read_digit(path: str | os.PathLike) -> np.ndarray:
    """Reads a PNG, JPEG or NPY picture of one digit.

    The ink, which is what differs from the border of the picture, may be dark on light or light
    on dark. It is cropped, its longer side scaled to 20 pixels, and its centre of mass put in the
    middle of 28x28, as in MNIST. A picture that is 28x28 and light on dark is taken to be arranged
    already and comes back unchanged.

    Args:
        path: A PNG or JPEG file (grey, colour, with or without transparency), or an NPY file
            (H, W), (H, W, 1) or (H, W, 3) of uint8, or of floats in [0, 1] or [-0.5, 0.5].

    Returns:
        float32 (28, 28, 1) in [-0.5, 0.5]; background -0.5, ink up to 0.5.

    Raises:
        ImageFileError: If the file is missing, a directory, empty, too large, no such image,
            damaged, blank, or has values or dimensions other than those above.
    """
    path = Path(path)
    try:
        grey = _read_grey(path)
        digit = _arrange(grey)
    except _UnusableError as error:
        raise ImageFileError(f"{path}: {error}") from error
    except OSError as error:
        reason = " ".join((error.strerror or str(error)).split())
        raise ImageFileError(f"{path}: cannot be read ({reason})") from error
    # In float32, so that an MNIST image equals that of `load_images` bit by bit.
    return (digit.astype(np.float32) - np.float32(0.5))[..., None]


class _UnusableError(Exception):
    """Why a file cannot be used; `read_digit` adds its name."""


def _read_grey(path: Path) -> np.ndarray:
    """Any accepted file -> float64 (H, W) in [0, 1]."""
    if not path.exists():
        raise _UnusableError("no such file")
    if path.is_dir():
        raise _UnusableError("is a directory, not an image file")
    size = path.stat().st_size
    if size == 0:
        raise _UnusableError("is empty")
    if size > MAX_FILE_BYTES:
        raise _UnusableError(f"has {size} bytes, the limit is {MAX_FILE_BYTES}")
    with path.open("rb") as file:
        is_npy = file.read(6) == b"\x93NUMPY"
    return _read_npy(path) if is_npy else _read_picture(path)


def _check_size(height: int, width: int) -> None:
    if height * width > MAX_PIXELS:
        raise _UnusableError(
            f"has {width}x{height} pixels, more than {MAX_PIXELS // 1_000_000} megapixels"
        )


def _read_npy(path: Path) -> np.ndarray:
    try:
        # Mapped, not loaded, so that a header that claims too much costs nothing.
        array = np.load(path, mmap_mode="r", allow_pickle=False)
    except (ValueError, EOFError, SyntaxError, TokenError) as error:
        raise _UnusableError(
            f"is not a usable NPY file ({' '.join(str(error).split())})"
        ) from error
    shape = array.shape
    if array.ndim not in (2, 3) or shape[2:] not in ((), (1,), (3,)) or 0 in shape:
        raise _UnusableError(f"has shape {shape}, it must be (H, W), (H, W, 1) or (H, W, 3)")
    _check_size(*shape[:2])
    if array.dtype == np.uint8:
        values = array / 255.0
    elif np.issubdtype(array.dtype, np.floating):
        values = _float_to_unit(np.array(array, dtype=np.float64))
    else:
        raise _UnusableError(f"has values of type {array.dtype}, they must be uint8 or float")
    if values.ndim == 2:
        return values
    return values[..., 0] if shape[2] == 1 else values @ _LUMA


def _float_to_unit(values: np.ndarray) -> np.ndarray:
    """Floats in [0, 1] or [-0.5, 0.5] -> [0, 1]."""
    if not np.isfinite(values).all():
        raise _UnusableError("has values that are not finite")
    low, high = values.min(), values.max()
    if low < 0:
        # Something below 0 can only be the library's own range.
        values, bounds = values + 0.5, "[-0.5, 0.5]"
    else:
        bounds = "[0, 1]"
    # float16 and float32 round by less than this.
    if values.min() < -1e-3 or values.max() > 1 + 1e-3:
        raise _UnusableError(
            f"has values from {low:g} to {high:g}, they must lie in [0, 1] or [-0.5, 0.5]"
            + (f" (below 0, so taken as {bounds})" if low < 0 else "")
        )
    return np.clip(values, 0, 1)


def _read_picture(path: Path) -> np.ndarray:
    from PIL import Image, ImageOps, UnidentifiedImageError

    try:
        with warnings.catch_warnings():
            # Pillow warns of large pictures; the check below refuses them.
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            picture = Image.open(path, formats=("PNG", "JPEG"))
    except UnidentifiedImageError as error:
        raise _UnusableError("is not a PNG, JPEG or NPY image") from error
    except Image.DecompressionBombError as error:
        raise _UnusableError(
            f"has more pixels than {MAX_PIXELS // 1_000_000} megapixels"
        ) from error
    except (SyntaxError, ValueError) as error:
        raise _UnusableError(f"is damaged ({' '.join(str(error).split())})") from error
    with picture:
        _check_size(picture.height, picture.width)
        try:
            # Opening has read the header only; this decodes.
            picture.load()
            return _to_grey(ImageOps.exif_transpose(picture))
        except (OSError, SyntaxError, ValueError) as error:
            raise _UnusableError(
                f"is damaged or cut short ({' '.join(str(error).split())})"
            ) from error


def _to_grey(picture) -> np.ndarray:
    """A decoded Pillow image -> float64 (H, W) in [0, 1], transparency resolved."""
    if picture.mode.startswith("I"):
        # 16-bit grey PNG, which Pillow's own conversion would clip to white.
        return np.clip(np.asarray(picture, dtype=np.float64) / 65535.0, 0, 1)
    if not picture.has_transparency_data:
        return np.asarray(picture.convert("L")) / 255.0
    layers = np.asarray(picture.convert("RGBA").convert("LA")) / 255.0
    grey, alpha = layers[..., 0], layers[..., 1]
    if not alpha.any():
        raise _UnusableError("is blank (fully transparent)")
    # Dark strokes were drawn for a light page, light ones for a dark one.
    page = 1.0 if np.average(grey, weights=alpha) < 0.5 else 0.0
    return grey * alpha + page * (1 - alpha)


def _arrange(grey: np.ndarray) -> np.ndarray:
    """float64 (H, W) in [0, 1] -> float64 (28, 28) in [0, 1], light ink on 0, as in MNIST."""
    border = _border(grey)
    background = np.median(border)
    difference = grey - background
    strongest = np.abs(difference).max()
    if strongest < _LEAST_CONTRAST:
        raise _UnusableError("is blank (no ink)")
    # The fourth power lets strong strokes outvote a large but faint shadow on the page.
    fourth = difference**4
    light_ink = fourth[difference > 0].sum() >= fourth[difference < 0].sum()
    if light_ink and grey.shape == (SIZE, SIZE):
        return grey
    ink = np.maximum(difference if light_ink else -difference, 0)
    ink /= ink.max()
    # What the border varies by is grain of the page and not ink.
    grain = np.percentile(np.abs(border - background), 90) / strongest
    ink[ink < np.clip(2 * grain, _FAINTEST_INK, 0.5)] = 0
    return _centre(_fit_box(ink))


def _border(grey: np.ndarray) -> np.ndarray:
    """The values of the outermost pixels, a fortieth of the shorter side wide; (K,)."""
    width = max(1, min(grey.shape) // 40)
    inner = np.zeros(grey.shape, dtype=bool)
    inner[width:-width, width:-width] = True
    return grey[~inner]


def _fit_box(ink: np.ndarray) -> np.ndarray:
    """Crops to what is above 0 and scales its longer side to 20; strongest value 1."""
    from PIL import Image

    rows, columns = np.nonzero(ink.any(axis=1))[0], np.nonzero(ink.any(axis=0))[0]
    crop = ink[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    height, width = crop.shape
    scale = BOX / max(height, width)
    size = max(1, round(width * scale)), max(1, round(height * scale))
    # Pillow widens a filter when it shrinks, which is what antialiases; Hamming's is close to the
    # mean of an area, without the blur of the bilinear one, but leaves blocks when it enlarges.
    resampling = Image.Resampling.HAMMING if scale < 1 else Image.Resampling.BILINEAR
    scaled = Image.fromarray(crop.astype(np.float32)).resize(size, resampling)
    scaled = np.asarray(scaled, dtype=np.float64)
    # Shrinking makes thin strokes faint; MNIST's are white whatever the pen was.
    return np.clip(scaled / scaled.max(), 0, 1)


def _centre(box: np.ndarray) -> np.ndarray:
    """Puts the centre of mass at (14, 14) of 28x28 zeros, keeping the whole box inside."""
    digit = np.zeros((SIZE, SIZE))
    mass = box.sum()
    height, width = box.shape
    row = (box.sum(axis=1) * np.arange(height)).sum() / mass
    column = (box.sum(axis=0) * np.arange(width)).sum() / mass
    top = min(max(round(CENTRE - row), 0), SIZE - height)
    left = min(max(round(CENTRE - column), 0), SIZE - width)
    digit[top : top + height, left : left + width] = box
    return digit
