"""Reads a picture file into the frame of a generator."""

import contextlib
import functools
import io
import os
import warnings
from dataclasses import dataclass
from pathlib import Path
from tokenize import TokenError
from typing import BinaryIO

import numpy as np

from igc_tf.data.ink import arrange_ink
from igc_tf.errors import ImageFileError, InputError, printable

# what Pillow is asked to read, and how such files are called; NPY files are read by NumPy
_FORMATS = ("PNG", "JPEG", "WEBP", "BMP", "TIFF", "GIF")
_FILE_NAMES = "PNG, JPEG, WebP, BMP, TIFF, GIF or NPY"
_ENCODED_NAMES = "PNG, JPEG, WebP, BMP, TIFF or GIF"
PICTURE_SUFFIXES = (".png", ".jpg", ".jpeg", ".webp", ".bmp", ".tif", ".tiff", ".gif", ".npy")
MAX_PIXELS = 64_000_000
# 64 megapixels of float64, the largest NPY file with so many grey pixels.
MAX_FILE_BYTES = 8 * MAX_PIXELS + 4096
# Pictures whose shorter side is at least twice this are averaged first: frames are far smaller.
_AMPLE_SIDE = 800
# the number of EXIF's tag
_ORIENTATION = 0x0112
# Rec. 601 luma, the weights that Pillow's grey conversion uses.
_LUMA = np.array([0.299, 0.587, 0.114])


@dataclass(frozen=True)
class PictureFrame:
    """What pictures are brought into: the shape and the values of a generator's images.

    A drawing (`arrange`) may be dark on light or light on dark. Its ink, which is what differs from
    the page, is cropped, scaled and centred as in MNIST (`igc_tf.data.ink.arrange_ink`); a picture
    that has the generator's size, polarity and arrangement comes back unchanged. Any other picture
    is cut to the proportions of `shape` about its middle and scaled.

    Attributes:
        shape: of the generator's images: (height, width), or with 1 or 3 channels after them.
        bounds: the generator's values for black and white, finite.
        background: the generator's value where nothing is drawn; None for black. Ink takes the
            bound that is farther from it.
        arrange: whether pictures are drawings; None takes grey images for drawings and colour
            images for photographs.

    Raises:
        InputError: if the generator's images cannot be pictures: another shape, infinite bounds.
    """

    shape: tuple[int, ...]
    bounds: tuple[float, float]
    background: float | None = None
    arrange: bool | None = None

    def __post_init__(self):
        *_, channels = _sides(self.shape)
        low, high = map(float, self.bounds)
        if not (np.isfinite([low, high]).all() and low < high):
            raise InputError(
                f"bounds={self.bounds!r}: pictures need finite (low, high), low less than high"
            )
        object.__setattr__(self, "bounds", (low, high))
        background = low if self.background is None else float(self.background)
        object.__setattr__(self, "background", background)
        if self.arrange is None:
            object.__setattr__(self, "arrange", channels == 1)

    def read(self, path: str | os.PathLike) -> np.ndarray:
        """Reads a PNG, JPEG, WebP, BMP, TIFF, GIF or NPY file.

        Of a GIF, or another file of several pictures, it is the first one. A photograph is turned
        upright as its EXIF data say.

        Args:
            path: a picture file (grey, colour, with or without transparency), or an NPY file
                (H, W), (H, W, 1) or (H, W, 3) of whole numbers from 0 to 255, or of floats in
                [0, 1] or, where some lie outside of it, in the bounds. A TIFF of 32 bits, or
                of 16 with a sign, has whole numbers from 0 to 255 or floats in [0, 1].

        Returns:
            float32 of the frame's shape, within its bounds.

        Raises:
            ImageFileError: if the file is missing, a directory, empty, too large, no such image,
                damaged, blank, or has values or dimensions other than those above. The message is
                one line and begins with the path.
        """
        path = Path(path)
        with _told_of(path):
            return self.fit(_read(path, self.shape, self.bounds))

    def decode(self, encoded: bytes) -> np.ndarray:
        """Reads what a file would hold, any but NPY; else as `read`.

        Raises:
            ImageFileError: as `read`; the message has no path.
        """
        if not encoded:
            raise ImageFileError("is empty")
        return self.fit(_read_picture(io.BytesIO(encoded)))

    def fit(self, picture: np.ndarray) -> np.ndarray:
        """Brings a picture that was read into the frame.

        Args:
            picture: float64 (H, W) or (H, W, 3) in [0, 1], as of `open_picture`.

        Returns:
            float32 of the frame's shape, within its bounds.

        Raises:
            ImageFileError: if it is a blank drawing; the message has no path.
        """
        (height, width, channels), (low, high) = _sides(self.shape), self.bounds
        if self.arrange:
            is_light = self.background <= (low + high) / 2
            picture = arrange_ink(to_grey(picture), (height, width), is_light)[..., np.newaxis]
            dark, light = (self.background, high) if is_light else (low, self.background)
        else:
            picture = _cover(picture if channels == 3 else to_grey(picture), (height, width))
            dark, light = low, high
        # In float32, so that an MNIST image equals that of `load_images` bit by bit.
        values = picture.astype(np.float32) * np.float32(light - dark) + np.float32(dark)
        values = np.broadcast_to(values, (height, width, channels))
        return np.clip(values, low, high).reshape(self.shape)


def open_picture(path: str | os.PathLike) -> np.ndarray:
    """Reads a picture file as it is: upright, in its own size.

    Args:
        path: as for `PictureFrame.read`; floats in an NPY file lie in [0, 1].

    Returns:
        float64 (H, W), or (H, W, 3) of a picture in colour, in [0, 1]. Of a picture whose shorter
        side has 1,600 pixels or more it is the means of square parts.

    Raises:
        ImageFileError: as `PictureFrame.read`.
    """
    path = Path(path)
    with _told_of(path):
        return _read(path, (0, 0), (0.0, 1.0))


@contextlib.contextmanager
def _told_of(path: Path):
    """Lets errors name the file."""
    try:
        yield
    except ImageFileError as error:
        raise ImageFileError(f"{printable(str(path))}: {error}") from error
    except OSError as error:
        reason = " ".join((error.strerror or str(error)).split())
        raise ImageFileError(f"{printable(str(path))}: cannot be read ({reason})") from error


def _sides(shape) -> tuple[int, int, int]:
    """(height, width, channels) of a shape that may lack its channels."""
    whole = tuple(shape) if len(shape) == 3 else (*shape, 1)
    if len(whole) != 3 or whole[2] not in (1, 3) or min(whole) < 1:
        raise InputError(
            f"the generator's data have shape {tuple(shape)}: pictures need (height, width), or "
            "(height, width, channels) of 1 or 3 channels"
        )
    return whole


def _read(path: Path, shape: tuple[int, ...], bounds: tuple[float, float]) -> np.ndarray:
    """Any accepted file -> float64 (H, W) or (H, W, 3) in [0, 1]."""
    if not path.exists():
        raise ImageFileError("no such file")
    if path.is_dir():
        raise ImageFileError("is a directory, not an image file")
    # such as a pipe
    if not path.is_file():
        raise ImageFileError("is no file")
    size = path.stat().st_size
    if size == 0:
        raise ImageFileError("is empty")
    if size > MAX_FILE_BYTES:
        raise ImageFileError(f"has {size} bytes, the limit is {MAX_FILE_BYTES}")
    with path.open("rb") as file:
        if file.read(6) == b"\x93NUMPY":
            return _read_npy(path, shape, bounds)
        # Of a name Pillow maps the file into memory, and then turns some TIFFs wrongly.
        return _read_picture(file)


def _check_size(height: int, width: int) -> None:
    if height * width > MAX_PIXELS:
        raise ImageFileError(
            f"has {width}x{height} pixels, more than {MAX_PIXELS // 1_000_000} megapixels"
        )


def _read_npy(path: Path, frame: tuple[int, ...], bounds: tuple[float, float]) -> np.ndarray:
    try:
        with warnings.catch_warnings():
            # NumPy warns when it multiplies a header's numbers beyond 64 bits, and then refuses.
            warnings.simplefilter("ignore", RuntimeWarning)
            # Mapped, not loaded, so that a header that claims too much costs nothing.
            array = np.load(path, mmap_mode="r", allow_pickle=False)
    except (ValueError, EOFError, SyntaxError, TokenError, OverflowError, TypeError) as error:
        raise ImageFileError(
            f"is not a usable NPY file ({' '.join(str(error).split())})"
        ) from error
    shape = array.shape
    if sum(side > 1 for side in shape) == 1:
        fits = array.size == np.prod(frame)
        advice = (
            f"reshape to {'×'.join(map(str, frame[:2]))}" if fits else "a picture has two sides"
        )
        raise ImageFileError(f"has shape {shape}: {array.size} values in a row: {advice}")
    if array.ndim not in (2, 3) or shape[2:] not in ((), (1,), (3,)) or 0 in shape:
        raise ImageFileError(f"has shape {shape}, it must be (H, W), (H, W, 1) or (H, W, 3)")
    _check_size(*shape[:2])
    array = pixel_values(array)
    is_bytes = array.dtype == np.uint8
    values = _shrunk(array) / 255.0 if is_bytes else _float_to_unit(_shrunk(array), bounds)
    return without_channel(values)


def pixel_values(array: np.ndarray) -> np.ndarray:
    """Pixels as people have them in arrays, of one of two types.

    Args:
        array: of any shape: whole numbers from 0 to 255, truth values, or floats. Integer arrays
            containing only 0 and 1 are refused, because 1 could mean white or almost black.

    Returns:
        The same as uint8 in [0, 255], or the floats as they are.

    Raises:
        ImageFileError: for anything else, and for floats that are not finite.
    """
    if array.dtype == bool:
        return 255 * array.astype(np.uint8)
    if np.issubdtype(array.dtype, np.floating):
        if not np.isfinite(array).all():
            raise ImageFileError("has values that are not finite")
        return array
    if array.dtype.kind not in "ui":
        raise ImageFileError(f"has values of type {array.dtype}, they must be numbers")
    if array.size and not (array.min() >= 0 and array.max() <= 255 and array.max() != 1):
        raise ImageFileError(
            f"has whole numbers from {array.min()} to {array.max()} of type {array.dtype}, they "
            "must reach from 0 to 255; of 0 and 1 they must be truth values or floats"
        )
    return array.astype(np.uint8, copy=False)


def without_channel(picture: np.ndarray) -> np.ndarray:
    """(H, W, 1) -> (H, W); any other picture as it is."""
    return picture[..., 0] if picture.shape[2:] == (1,) else picture


def to_grey(picture: np.ndarray) -> np.ndarray:
    """float64 (H, W) or (H, W, 3) -> (H, W)."""
    return picture if picture.ndim == 2 else picture @ _LUMA


def _shrunk(array: np.ndarray, factor: int | None = None) -> np.ndarray:
    """A picture (H, W) or (H, W, channels) as float64, large ones as means of square parts."""
    factor = factor or max(1, min(array.shape[:2]) // _AMPLE_SIDE)
    if factor == 1:
        return np.array(array, dtype=np.float64)
    height, width = (side // factor for side in array.shape[:2])
    parts = array[: height * factor, : width * factor]
    parts = parts.reshape(height, factor, width, factor, *array.shape[2:])
    return parts.mean(axis=(1, 3), dtype=np.float64)


def _float_to_unit(values: np.ndarray, bounds: tuple[float, float]) -> np.ndarray:
    """Floats in [0, 1] or, where some lie outside of it, in the generator's bounds -> [0, 1]."""
    if not np.isfinite(values).all():
        raise ImageFileError("has values that are not finite")
    found = values.min(), values.max()
    # float16 and float32 round by less than this.
    if found[0] < -1e-3 or found[1] > 1 + 1e-3:
        low, high = bounds
        values = (values - low) / (high - low)
        if values.min() < -1e-3 or values.max() > 1 + 1e-3:
            others = f" or in the generator's bounds, [{low:g}, {high:g}]"
            raise ImageFileError(
                f"has values from {found[0]:g} to {found[1]:g}, they must lie in [0, 1]"
                + (others if bounds != (0.0, 1.0) else "")
            )
    return np.clip(values, 0, 1)


def _read_picture(file: BinaryIO) -> np.ndarray:
    from PIL import Image, UnidentifiedImageError

    try:
        with warnings.catch_warnings():
            # Pillow warns of large pictures; the check below refuses them.
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            picture = Image.open(file, formats=_FORMATS)
    except UnidentifiedImageError as error:
        names = _ENCODED_NAMES if isinstance(file, io.BytesIO) else _FILE_NAMES
        raise ImageFileError(f"is not a {names} image") from error
    except Image.DecompressionBombError as error:
        raise ImageFileError(
            f"has more pixels than {MAX_PIXELS // 1_000_000} megapixels"
        ) from error
    except MemoryError:
        raise
    except Exception as error:
        # of a damaged file Pillow raises errors of many kinds
        raise ImageFileError(f"is damaged ({' '.join(str(error).split())})") from error
    with picture:
        _check_size(picture.height, picture.width)
        try:
            # Opening has read the header only; this decodes.
            picture.load()
            return _upright(_decoded(picture), picture.getexif().get(_ORIENTATION))
        except (ImageFileError, MemoryError):
            raise
        except Exception as error:
            raise ImageFileError(
                f"is damaged or cut short ({' '.join(str(error).split())})"
            ) from error


def _upright(array: np.ndarray, orientation: int | None) -> np.ndarray:
    """A picture (H, W, ...) as it is to be seen, by EXIF's number from 1 to 8 of how it lies."""
    if orientation in (5, 6, 7, 8):
        array = array.swapaxes(0, 1)
    down = -1 if orientation in (3, 4, 7, 8) else 1
    right = -1 if orientation in (2, 3, 6, 7) else 1
    return array[::down, ::right]


def _decoded(picture) -> np.ndarray:
    """A decoded Pillow image -> float64 (H, W) or (H, W, 3) in [0, 1], transparency resolved."""
    if picture.mode == "I" and picture.format != "PNG":
        # a TIFF of 32 or of signed 16 bits, which does not say what white is; PNGs have 16 bits
        return _shrunk(pixel_values(np.asarray(picture))) / 255.0
    if picture.mode.startswith("I"):
        # 16 bits of grey, which Pillow would clip to white; in a TIFF 0 may be white (its tag 262)
        values = np.clip(_shrunk(np.asarray(picture)) / 65535.0, 0, 1)
        return 1 - values if getattr(picture, "tag_v2", {}).get(262) == 0 else values
    if picture.mode == "F":
        # a TIFF of floats
        return _float_to_unit(_shrunk(np.asarray(picture)), (0.0, 1.0))
    mode = "L" if picture.mode in ("1", "L", "LA") else "RGB"
    factor = max(1, min(picture.size) // _AMPLE_SIDE)
    strips = functools.partial(_strips, picture, 32 * factor)
    if picture.has_transparency_data and any(s.getextrema()[3][0] < 255 for s in strips()):
        mode = "RGBA"

    def shrunk(strip):
        layers = np.array(strip.convert(mode), np.uint16)
        if mode == "RGBA":
            # first what is seen of each pixel, then means of it
            layers[..., :3] *= layers[..., 3:]
        return _shrunk(layers, factor)

    means = np.concatenate([shrunk(strip) for strip in strips()])
    if mode != "RGBA":
        return means / 255.0
    means /= (*3 * [255.0**2], 255.0)
    seen, alpha = means[..., :3], means[..., 3:]
    if not alpha.any():
        raise ImageFileError("is blank (fully transparent)")
    # Dark strokes were drawn for a light page, light ones for a dark one.
    seen += (1.0 if to_grey(seen).sum() < 0.5 * alpha.sum() else 0.0) * (1 - alpha)
    return np.minimum(seen, 1)


def _strips(picture, rows: int):
    """A Pillow image from top to bottom, RGBA if transparent: whole copies take much memory."""
    for top in range(0, picture.height, rows):
        strip = picture.crop((0, top, picture.width, min(top + rows, picture.height)))
        yield strip.convert("RGBA") if picture.has_transparency_data else strip


def _cover(picture: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """Cuts a picture to the frame's proportions about its middle, and scales; (H, W, 1 or 3)."""
    from PIL import Image

    channels = picture.reshape(*picture.shape[:2], -1).astype(np.float32)
    sides = np.array(channels.shape[:2])
    if tuple(sides) != tuple(size):
        # rounding may have gone past the picture by a hair, which Pillow refuses
        kept = np.minimum(np.array(size) * (sides / size).min(), sides)
        top, left = (sides - kept) / 2
        box = (left, top, left + kept[1], top + kept[0])
        # Colour pictures of floats are unknown to Pillow: one channel after the other.
        planes = [Image.fromarray(channels[..., i]) for i in range(channels.shape[2])]
        planes = [each.resize(size[::-1], Image.Resampling.BICUBIC, box=box) for each in planes]
        channels = np.stack(planes, axis=-1)
    return np.clip(channels, 0, 1)
