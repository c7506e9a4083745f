import os
import pickle
import struct
import tracemalloc
import zlib

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFilter

from igc_tf import data
from igc_tf.data import ImageFileError
from igc_tf.data.picture import open_picture
from igc_tf.errors import InputError


def read_picture(path, shape=(28, 28, 1), bounds=(-0.5, 0.5), **options):
    return data.PictureFrame(shape, bounds, **options).read(path)


def save(path, pixels, **options):
    Image.fromarray(np.asarray(pixels)).save(path, **options)
    return path


def drawing(height=300, width=400, thickness=24):
    """A seven, white on black, float (height, width) in [0, 1], away from the centre."""
    image = Image.new("L", (width, height), 0)
    # Chosen so that the centre of mass, once scaled, is far from half a pixel: 14.30, 14.10.
    points = [(40, 50), (170, 50), (95, 230)]
    ImageDraw.Draw(image).line(points, fill=255, width=thickness, joint="curve")
    return np.asarray(image.filter(ImageFilter.GaussianBlur(1))) / 255


def byte(values):
    return np.round(np.asarray(values) * 255).astype(np.uint8)


def area_matrix(parts, size):
    """(parts, size): row i averages the i-th of `parts` equal stretches of `size` pixels."""
    edges = np.linspace(0, size, parts + 1)
    pixels = np.arange(size)
    overlap = np.minimum(edges[1:, None], pixels + 1) - np.maximum(edges[:-1, None], pixels)
    return np.maximum(overlap, 0) * parts / size


def expected_seven():
    """An independent arrangement: area means of the cropped ink, centre of mass moved to 14."""
    ink = drawing()
    rows, columns = np.nonzero(ink.max(1) > 0.05)[0], np.nonzero(ink.max(0) > 0.05)[0]
    crop = ink[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    width = round(20 * crop.shape[1] / crop.shape[0])
    box = area_matrix(20, crop.shape[0]) @ crop @ area_matrix(width, crop.shape[1]).T
    row = round(14 - (box.sum(1) @ np.arange(20)) / box.sum())
    column = round(14 - (box.sum(0) @ np.arange(width)) / box.sum())
    result = np.zeros((28, 28))
    result[row : row + 20, column : column + width] = box
    return result - 0.5


@pytest.mark.parametrize("index", [0, 700, 1500, 4999])
@pytest.mark.parametrize("kind", ["png", "rgb", "uint8", "unit", "own range"])
def test_mnist_images_come_back_unchanged(index, kind, digits, tmp_path):
    pixels = digits[0][index]
    path = tmp_path / "digit.npy"
    if kind == "png":
        path = save(tmp_path / "digit.png", pixels)
    elif kind == "rgb":
        path = save(tmp_path / "digit.png", np.repeat(pixels[..., None], 3, axis=2))
    elif kind == "uint8":
        np.save(path, pixels)
    elif kind == "unit":
        np.save(path, pixels[..., None].astype(np.float32) / 255)
    else:
        np.save(path, pixels[..., None].astype(np.float32) / 255 - 0.5)
    digit = read_picture(path)
    assert digit.shape == (28, 28, 1) and digit.dtype == np.float32
    np.testing.assert_allclose(digit[..., 0], pixels / 255 - 0.5, atol=1e-6)


def test_equals_load_images_bit_by_bit(digits, tmp_path):
    from igc_tf.data import bundled_digits

    path = save(tmp_path / "digit.png", digits[0][123])
    np.testing.assert_array_equal(read_picture(path), bundled_digits().images[123])


def variants():
    seven = drawing()
    grey = byte(seven)
    opaque = np.full_like(grey, 255)
    black, white = np.zeros_like(grey), opaque
    return {
        "light on dark": grey,
        "dark on light": 255 - grey,
        "grey on grey": byte(0.7 - 0.4 * seven),
        "dark grey on black": byte(0.3 * seven),
        "colour": np.stack([255 - grey, 255 - grey, opaque], axis=-1),
        "black on transparent": np.stack([black, black, black, grey], axis=-1),
        "white on transparent": np.stack([white, white, white, grey], axis=-1),
        "grey and alpha": np.stack([255 - grey, opaque], axis=-1),
        "16 bit": (65535 - np.round(seven * 65535)).astype(np.uint16),
    }


@pytest.mark.parametrize("name", variants())
def test_png_variants_agree_with_an_independent_arrangement(name, tmp_path):
    digit = read_picture(save(tmp_path / "digit.png", variants()[name]))[..., 0]
    assert np.abs(digit - expected_seven()).mean() < 0.01
    assert digit.min() == -0.5 and digit.max() == pytest.approx(0.5)


@pytest.mark.parametrize(
    "values",
    [
        byte(1 - drawing()),
        byte(1 - drawing()).astype(np.int32),
        byte(1 - drawing()).astype(np.uint16) * 257,
        1 - np.float32(drawing()),
    ],
    ids=["8 bits", "32 bits", "16 bits", "floats"],
)
def test_tiff_variants(values, tmp_path):
    digit = read_picture(save(tmp_path / "digit.tif", values))[..., 0]
    assert np.abs(digit - expected_seven()).mean() < 0.01


def test_tiffs_of_16_bits_whose_white_is_zero_are_read_as_they_look(tmp_path):
    stored = np.random.default_rng(0).integers(0, 65536, (20, 30), dtype=np.uint16)
    path = save(tmp_path / "white_is_zero.tif", stored, tiffinfo={262: 0})
    np.testing.assert_allclose(open_picture(path), 1 - stored / 65535, atol=1e-12)


@pytest.mark.parametrize("name", ["uint8", "rgb", "float", "float16", "own range"])
def test_npy_variants(name, tmp_path):
    seven = drawing()
    array = {
        "uint8": byte(1 - seven),
        "rgb": np.repeat(byte(seven)[..., None], 3, axis=2),
        "float": seven,
        "float16": (1 - seven).astype(np.float16),
        "own range": seven[..., None].astype(np.float32) - 0.5,
    }[name]
    np.save(tmp_path / "digit.npy", array)
    digit = read_picture(tmp_path / "digit.npy")[..., 0]
    assert np.abs(digit - expected_seven()).mean() < 0.01


def test_jpeg_and_its_orientation(tmp_path):
    path = save(tmp_path / "plain.jpg", byte(1 - drawing()), quality=80)
    assert np.abs(read_picture(path)[..., 0] - expected_seven()).mean() < 0.015
    # Turned a quarter by the camera, with the note that says so (6: turn clockwise to view).
    exif = Image.Exif()
    exif[0x0112] = 6
    turned = np.rot90(byte(1 - drawing()))
    path = save(tmp_path / "turned.jpg", turned, quality=80, exif=exif)
    assert np.abs(read_picture(path)[..., 0] - expected_seven()).mean() < 0.015


@pytest.mark.parametrize(
    ("orientation", "upright"),
    [
        (1, lambda stored: stored),
        (2, np.fliplr),
        (3, lambda stored: np.rot90(stored, 2)),
        (4, np.flipud),
        (5, np.transpose),
        (6, lambda stored: np.rot90(stored, -1)),
        (7, lambda stored: np.rot90(stored, 2).T),
        (8, np.rot90),
    ],
)
@pytest.mark.parametrize("depth", [np.uint8, np.uint16])
def test_tiffs_are_turned_upright(orientation, upright, depth, tmp_path):
    most = np.iinfo(depth).max
    stored = np.random.default_rng(0).integers(0, most, (20, 30), dtype=depth)
    exif = Image.Exif()
    exif[0x0112] = orientation
    path = save(tmp_path / "turned.tif", stored, exif=exif)
    np.testing.assert_allclose(open_picture(path), upright(stored) / most, atol=1e-12)


def test_of_exif_only_the_orientation_counts(tmp_path):
    stored = byte(drawing())
    # turned, and a resolution in letters, which Pillow cannot write
    tags = [(0x0112, 3, 1, struct.pack("<HH", 6, 0)), (0x011A, 2, 4, b"abc\0")]
    entries = b"".join(struct.pack("<HHI", *tag[:3]) + tag[3] for tag in tags)
    exif = b"Exif\0\0II*\0" + struct.pack("<IH", 8, len(tags)) + entries + bytes(4)
    path = save(tmp_path / "odd.png", stored, exif=exif)
    np.testing.assert_array_equal(open_picture(path), np.rot90(stored, -1) / 255)


def test_a_damaged_type_in_a_tiff_is_told(tmp_path):
    path = save(tmp_path / "damaged.tif", byte(drawing()))
    encoded = bytearray(path.read_bytes())
    # the strips' places, said to be a float
    place = encoded.index(struct.pack("<HH", 273, 4))
    encoded[place + 2] = 11
    path.write_bytes(encoded)
    with pytest.raises(ImageFileError, match="is damaged"):
        open_picture(path)


def test_from_memory_as_from_a_file(tmp_path):
    path = save(tmp_path / "seven.png", byte(drawing()))
    encoded = path.read_bytes()
    bmp = save(tmp_path / "seven.bmp", byte(drawing())).read_bytes()
    frame = data.PictureFrame((28, 28, 1), (-0.5, 0.5))
    np.testing.assert_array_equal(frame.decode(encoded), read_picture(path))
    for wrong, message in (
        (b"", "is empty$"),
        # which only a file may be
        (npy(drawing()), "is not a PNG, JPEG, WebP, BMP, TIFF or GIF image$"),
        (b"no picture", "is not a PNG"),
        (encoded[:200], "is damaged or cut short"),
        (encoded[:20], r"is damaged \(Truncated"),
        # of a compression that there is none of
        (bmp[:30] + b"\xff" + bmp[31:], r"is damaged \(Unsupported BMP"),
    ):
        with pytest.raises(ImageFileError, match=f"^{message}"):
            frame.decode(wrong)
    with pytest.raises(InputError, match="bounds="):
        data.PictureFrame((28, 28, 1), (0.5, -0.5))


def test_photographed_page(tmp_path):
    """Uneven light and grain, dark pen."""
    height, width = 300, 400
    light = np.linspace(0.55, 0.8, width)[None] * np.ones((height, 1))
    grain = np.random.default_rng(0).normal(0, 0.02, (height, width))
    page = np.clip(light * (1 - 0.8 * drawing()) + grain, 0, 1)
    digit = read_picture(save(tmp_path / "photo.jpg", byte(page)))[..., 0]
    assert np.abs(digit - expected_seven()).mean() < 0.04


@pytest.mark.parametrize("invert", [False, True])
@pytest.mark.parametrize("scale", [1, 7])
def test_inverted_and_enlarged_mnist_is_arranged_as_before(digits, invert, scale, tmp_path):
    """MNIST's own arrangement is the oracle: the digit returns to where it was."""
    chosen = range(0, 5000, 250)
    errors = []
    for index in chosen:
        pixels = np.kron(digits[0][index], np.ones((scale, scale), np.uint8))
        if scale == 1 and not invert:
            pixels = np.pad(pixels, ((9, 2), (0, 30)))  # somewhere else on a larger page
        path = save(tmp_path / "digit.png", 255 - pixels if invert else pixels)
        errors.append(np.abs(read_picture(path)[..., 0] - (digits[0][index] / 255 - 0.5)).mean())
    assert np.mean(errors) < 0.02 and max(errors) < 0.08


@pytest.mark.parametrize("kind", ["png", "rgb", "npy"])
def test_large_pictures_are_read_as_small_ones(kind, tmp_path):
    large = np.kron(byte(1 - drawing()), np.ones((6, 6), np.uint8))
    if kind == "npy":
        path = tmp_path / "large.npy"
        np.save(path, large / 255)
    else:
        path = save(tmp_path / "large.png", np.stack([large] * 3, -1) if kind == "rgb" else large)
    assert np.abs(read_picture(path)[..., 0] - expected_seven()).mean() < 0.01


@pytest.mark.parametrize(("stroke", "hidden"), [(90, 255), (255, 0)])
def test_large_pictures_with_transparency_are_the_means_of_what_is_seen(stroke, hidden, tmp_path):
    pixels = np.full((1600, 1602, 4), hidden, np.uint8)
    pixels[..., 3] = 0
    # every second row and the right quarter, so that parts hold both
    is_drawn = np.zeros((1600, 1602), bool)
    is_drawn[::2], is_drawn[:, 1200:] = True, True
    pixels[is_drawn] = (stroke, stroke, stroke, 255)
    seen = np.where(is_drawn, stroke / 255, 1.0 if stroke < 128 else 0.0)
    found = open_picture(save(tmp_path / "large.png", pixels))
    expected = seen.reshape(800, 2, 801, 2).mean(axis=(1, 3))
    np.testing.assert_allclose(found, np.stack([expected] * 3, axis=-1), atol=1e-12)


def whole(picture):
    """The pixels of a Pillow image by the formula for all of it at once."""

    def means(array):
        factor = max(1, min(array.shape[:2]) // 800)
        height, width = (side // factor for side in array.shape[:2])
        parts = array[: height * factor, : width * factor].astype(np.float64)
        return parts.reshape(height, factor, width, factor, -1).mean(axis=(1, 3))

    is_grey = picture.mode in ("1", "L", "LA")
    if picture.has_transparency_data:
        picture = picture.convert("RGBA")
    if picture.mode != "RGBA" or picture.getextrema()[3] == (255, 255):
        found = means(np.asarray(picture.convert("L" if is_grey else "RGB"))) / 255.0
        return found[..., 0] if is_grey else found
    layers = np.asarray(picture)
    alpha = means(layers[..., 3:]) / 255.0
    seen = means(layers[..., :3] * layers[..., 3:].astype(np.uint16)) / 255.0**2
    page = 1.0 if (seen @ [0.299, 0.587, 0.114]).sum() < 0.5 * alpha.sum() else 0.0
    return np.minimum(seen + page * (1 - alpha), 1)


@pytest.mark.parametrize("size", [(1603, 1701), (37, 90)])
@pytest.mark.parametrize("mode", ["1", "L", "L with a key", "P with a key", "RGB", "RGBA", "LA"])
def test_pictures_are_read_in_strips_as_they_would_be_whole(mode, size, tmp_path):
    values = np.random.default_rng(3).integers(0, 256, (*size[::-1], 4), np.uint8)
    picture, key = Image.fromarray(values, "RGBA"), {}
    if "key" in mode:
        key = {"transparency": 77}
        picture = picture.convert("RGB")
    picture.convert(mode.split()[0]).save(tmp_path / "file.png", compress_level=1, **key)
    with Image.open(tmp_path / "file.png") as saved:
        np.testing.assert_array_equal(open_picture(tmp_path / "file.png"), whole(saved))


@pytest.mark.parametrize("row", [0, 1702])
def test_a_picture_is_transparent_wherever_one_pixel_is(row, tmp_path):
    """Also in the rows at the end that belong to no part."""
    values = np.full((1703, 1600, 2), 200, np.uint8)
    values[..., 1] = 255
    values[row, 5, 1] = 0
    path = save(tmp_path / "file.png", values, compress_level=1)
    with Image.open(path) as saved:
        expected = whole(saved)
    assert expected.ndim == 3
    np.testing.assert_array_equal(open_picture(path), expected)


def test_a_transparent_picture_takes_little_memory_beside_its_pixels(tmp_path):
    values = np.full((4000, 4000, 4), 255, np.uint8)
    values[500:900, 500:900] = (0, 0, 0, 128)
    path = save(tmp_path / "file.png", values, compress_level=1)
    tracemalloc.start()
    try:
        open_picture(path)
        # Pillow's own pixels are not counted, NumPy's are
        assert tracemalloc.get_traced_memory()[1] < 2 * values.nbytes
    finally:
        tracemalloc.stop()


def test_strokes_outvote_a_wide_faint_highlight(tmp_path):
    """Two thirds of the page are a little lighter than its border; the few strokes are dark."""
    page = np.full((300, 400), 0.7)
    page[20:280, 20:380] = 0.95
    page = page * (1 - drawing(thickness=8))
    digit = read_picture(save(tmp_path / "page.png", byte(page)))[..., 0]
    # As ink, the highlight would fill most of its box.
    assert (digit > 0).sum() < 100


def test_lopsided_ink_stays_inside(tmp_path):
    """A heavy foot under a hair line: centring its mass would push the foot's box out."""
    page = np.zeros((120, 120), np.uint8)
    page[10:90, 60] = 120
    page[90:110, 20:100] = 255
    digit = read_picture(save(tmp_path / "page.png", page))[..., 0]
    rows, _ = np.nonzero(digit > -0.5)
    assert np.ptp(rows) + 1 == 20 and rows.min() == 0


def test_tiny_and_thin(tmp_path):
    one = np.zeros((9, 9), np.uint8)
    one[1:8, 4] = 255
    digit = read_picture(save(tmp_path / "one.png", one))[..., 0]
    rows, columns = np.nonzero(digit > 0)
    assert np.ptp(rows) + 1 == 20 and np.ptp(columns) + 1 == 3
    assert abs(columns.mean() - 14) <= 0.5 and abs(rows.mean() - 14) <= 0.5


def png_header(width, height):
    """A PNG of nothing but a header claiming a size."""
    body = struct.pack(">2I5B", width, height, 8, 0, 0, 0, 0)

    def chunk(kind, data):
        return (
            struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        )

    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", body) + chunk(b"IDAT", zlib.compress(b""))


def npy_header(shape, dtype="<f8"):
    header = f"{{'descr': '{dtype}', 'fortran_order': False, 'shape': {shape}, }}"
    header = header.ljust(117) + "\n"
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header.encode()


def npy(array):
    import io

    buffer = io.BytesIO()
    np.save(buffer, array, allow_pickle=array.dtype == object)
    return buffer.getvalue()


def png(array, format="PNG"):
    import io

    buffer = io.BytesIO()
    Image.fromarray(array).save(buffer, format=format)
    return buffer.getvalue()


class Bomb:
    """Unpickling this fails the test."""

    def __reduce__(self):
        return pytest.fail, ("the file was unpickled",)


BAD = {
    "empty": (b"", "is empty"),
    "text": (b"hello, this is no image", "is not a PNG, JPEG, WebP, BMP, TIFF, GIF or NPY image"),
    "pickle": (pickle.dumps(Bomb()), "is not a PNG, JPEG, WebP, BMP, TIFF, GIF or NPY image"),
    "pickled array": (npy(np.array([Bomb()], dtype=object)), "is not a usable NPY file"),
    "npy cut short": (npy(drawing())[:-100], "is not a usable NPY file"),
    "npy header cut": (npy(drawing())[:20], "is not a usable NPY file"),
    "npy header open": (b"\x93NUMPY\x01\x00\x10\x00{'shape': (28,\n", "is not a usable NPY file"),
    "png cut short": (png(byte(np.random.default_rng(0).random((50, 50))))[:-900], "damaged"),
    "blank white": (png(np.full((40, 40), 255, np.uint8)), "is blank"),
    "blank black 28": (png(np.zeros((28, 28), np.uint8)), "is blank"),
    "faint": (png(np.tile(np.array([200, 210], np.uint8), (40, 20))), "is blank"),
    "transparent": (png(np.zeros((30, 30, 4), np.uint8)), r"npy: is blank \(fully transparent\)$"),
    "float tiff": (
        png(np.eye(30, dtype=np.float32) * 255, "TIFF"),
        r"npy: has values from 0 to 255, they must lie in \[0, 1\]$",
    ),
    "tiff of 32 bits": (
        png(np.eye(30, dtype=np.int32) * 70_000, "TIFF"),
        "npy: has whole numbers from 0 to 70000 of type int32, they must reach from 0 to 255",
    ),
    "nan": (npy(np.full((30, 30), np.nan)), "not finite"),
    "infinite": (npy(np.where(np.eye(30) > 0, np.inf, 0.0)), "not finite"),
    "range": (npy(np.eye(30) * 255.0), "from 0 to 255, they must lie in"),
    "negative range": (npy(np.eye(30) * 2 - 1), "from -1 to 1, they must lie in"),
    "integers": (npy(np.eye(30, dtype=np.int64)), "of type int64"),
    "bytes of 0 and 1": (
        npy(np.eye(30, dtype=np.uint8)),
        "from 0 to 1 of type uint8, they must reach from 0 to 255; of 0 and 1 .* truth values",
    ),
    "blank integers": (npy(np.zeros((30, 30), np.int64)), "is blank"),
    "one dimension": (npy(np.zeros(784)), r"has shape \(784,\)"),
    "batch": (npy(np.zeros((1, 28, 28, 1))), r"has shape \(1, 28, 28, 1\)"),
    "a batch of rows": (
        npy(np.zeros((1, 784))),
        r"\(1, 784\): 784 values in a row: reshape to 28×28",
    ),
    "a row": (npy(np.zeros(784)), "784 values in a row: reshape to 28×28"),
    "a column": (npy(np.zeros((50, 1))), "50 values in a row: a picture has two sides"),
    "giant npy": (npy_header((10**12, 10**12)), "is not a usable NPY file"),
    "npy beyond 64 bits": (npy_header((10**30, 10**30)), "is not a usable NPY file"),
    "npy of wrapped size": (npy_header((2**62, 4)), "NPY file|more than 64 megapixels"),
    "negative npy": (npy_header((-28, 28)), "is not a usable NPY file"),
    "npy of floats": (npy_header((28.0, 28)), "is not a usable NPY file"),
    "two channels": (npy(np.zeros((28, 28, 2))), r"has shape \(28, 28, 2\)"),
    "no pixels": (npy(np.zeros((0, 28))), "NPY file|has shape"),
    "huge png": (png_header(8001, 8000), "8001x8000 pixels, more than 64 megapixels"),
    "vast png": (png_header(60000, 60000), "more pixels than 64 megapixels"),
    "huge npy": (npy_header((8001, 8000), "|u1") + bytes(8001 * 8000), "more than 64 megapixels"),
}


@pytest.mark.parametrize("name", BAD)
def test_unusable_files_get_one_line_with_name_and_reason(name, tmp_path):
    content, reason = BAD[name]
    path = tmp_path / "the_file.npy"
    path.write_bytes(content)
    with pytest.raises(ImageFileError, match=reason) as caught:
        read_picture(path)
    message = str(caught.value)
    assert message.startswith(f"{path}: ") and "\n" not in message


def test_missing_directory_and_too_many_bytes(tmp_path, monkeypatch):
    with pytest.raises(ImageFileError, match=r"nothing\.png: no such file"):
        read_picture(tmp_path / "nothing.png")
    with pytest.raises(ImageFileError, match="is a directory"):
        read_picture(tmp_path)
    os.mkfifo(tmp_path / "pipe.png")
    with pytest.raises(ImageFileError, match=r"pipe\.png: is no file$"):
        read_picture(tmp_path / "pipe.png")
    with (tmp_path / "sparse.png").open("wb") as file:
        file.truncate(600_000_000)
    with pytest.raises(ImageFileError, match="has 600000000 bytes, the limit is"):
        read_picture(tmp_path / "sparse.png")


def test_accepts_a_string_path(tmp_path):
    path = save(tmp_path / "digit.png", byte(drawing()))
    np.testing.assert_array_equal(read_picture(str(path)), read_picture(path))


@pytest.mark.parametrize(
    "name", ["$x^2$.png", "digit \U0001f600.png", "two\nlines.png", b"caf\xe9.png"]
)
def test_names_of_all_kinds(name, tmp_path):
    path = tmp_path / os.fsdecode(name)
    try:
        save(path, byte(drawing()))
    except (OSError, ValueError):
        pytest.skip("this file system has no such names")
    assert read_picture(path).shape == (28, 28, 1)
    path.write_bytes(b"no picture")
    with pytest.raises(ImageFileError) as caught:
        read_picture(path)
    message = str(caught.value)
    assert message.isprintable() and message.encode() and "is not a PNG" in message


@pytest.mark.parametrize("bounds", [(-1, 1), (0, 255), (-0.5, 0.5)])
def test_arrays_may_lie_in_the_bounds_of_the_generator(bounds, tmp_path):
    low, high = bounds
    for name, array in {"unit": drawing(), "own": low + drawing() * (high - low)}.items():
        np.save(tmp_path / f"{name}.npy", array)
    unit, own = (read_picture(tmp_path / f"{name}.npy", bounds=bounds) for name in ("unit", "own"))
    np.testing.assert_allclose(own, unit, atol=1e-5 * (high - low))


@pytest.mark.parametrize("bounds", [(0, 1), (-1, 1), (0, 255)])
def test_values_fill_the_bounds_of_the_generator(bounds, tmp_path):
    path = save(tmp_path / "digit.png", byte(drawing()))
    usual, scaled = read_picture(path), read_picture(path, bounds=bounds)
    low, high = bounds
    np.testing.assert_allclose(scaled, low + (usual + 0.5) * (high - low), rtol=1e-5, atol=1e-5)
    assert scaled.min() == low and scaled.max() == high


def test_ink_is_dark_for_a_generator_of_dark_ink(tmp_path):
    path = save(tmp_path / "digit.png", byte(drawing()))
    light = read_picture(path, bounds=(0, 1))
    dark = read_picture(path, bounds=(0, 1), background=1)
    np.testing.assert_allclose(dark, 1 - light, atol=1e-6)
    # arranged already, and dark on light as this generator's images are
    own = byte(dark[..., 0])
    again = read_picture(save(tmp_path / "own.png", own), bounds=(0, 1), background=1)
    np.testing.assert_allclose(again[..., 0], own / 255, atol=1e-6)


@pytest.mark.parametrize("shape", [(40, 30), (40, 30, 1), (56, 56, 3)])
def test_drawings_in_frames_of_other_shapes(shape, tmp_path):
    path = save(tmp_path / "digit.png", byte(1 - drawing()))
    image = read_picture(path, shape, bounds=(0, 1), arrange=True)
    assert image.shape == shape and image.dtype == np.float32
    ink = image.reshape(*shape[:2], -1)[..., 0]
    height, width = (np.ptp(np.flatnonzero(ink.max(axis=axis) > 0.05)) + 1 for axis in (1, 0))
    assert height == round(5 / 7 * shape[0]) and width < height
    centre = ink.sum(axis=1) @ np.arange(shape[0]) / ink.sum()
    assert abs(centre - shape[0] / 2) <= 0.5


def test_photographs_are_cut_and_scaled_in_colour(tmp_path):
    picture = np.zeros((64, 128, 3), np.uint8)
    picture[:, :32] = (0, 255, 0)  # cut away, as is the right quarter
    picture[:, 32:64] = (255, 0, 0)
    picture[:32, 64:96] = (0, 0, 255)
    path = save(tmp_path / "photo.png", picture)
    image = read_picture(path, (32, 32, 3), bounds=(-1, 1))
    assert image.shape == (32, 32, 3) and image.min() == -1 and image.max() == 1
    np.testing.assert_allclose(
        image[2:30, 2:14], np.broadcast_to([1, -1, -1], (28, 12, 3)), atol=1e-5
    )
    np.testing.assert_allclose(
        image[2:14, 18:30], np.broadcast_to([-1, -1, 1], (12, 12, 3)), atol=1e-5
    )
    # of the generator's size: unchanged
    own = save(tmp_path / "own.png", picture[:, 32:96])
    np.testing.assert_allclose(
        read_picture(own, (64, 64, 3), bounds=(0, 1)), picture[:, 32:96] / 255, atol=1e-6
    )


@pytest.mark.parametrize(("side", "size"), [(225, 28), (200, 44)])
def test_a_square_picture_of_any_size_is_scaled_as_a_whole(side, size):
    picture = np.add.outer(np.arange(side), np.arange(side) ** 2) / (side + side**2)
    fitted = data.PictureFrame((size, size, 1), (0, 1), arrange=False).fit(picture)
    whole = Image.fromarray(picture.astype(np.float32)).resize((size, size), Image.BICUBIC)
    np.testing.assert_allclose(fitted[..., 0], np.clip(whole, 0, 1), atol=1e-6)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"shape": (52, 3, 1, 1)}, r"\(52, 3, 1, 1\): pictures need"),
        ({"shape": (28, 28, 4)}, "1 or 3 channels"),
        ({"shape": (10,)}, "pictures need"),
        ({"bounds": (-np.inf, np.inf)}, "finite"),
    ],
)
def test_generators_of_no_pictures_are_refused(arguments, message, tmp_path):
    path = save(tmp_path / "digit.png", byte(drawing()))
    with pytest.raises(InputError, match=message):
        read_picture(path, **arguments)
