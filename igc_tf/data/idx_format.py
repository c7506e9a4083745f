"""Reads IDX, the format in which MNIST is distributed."""

import gzip
import io
import math
import struct
import zlib
from typing import BinaryIO

import numpy as np

from igc_tf.errors import IdxFileError

# Four times EMNIST ByClass, the largest set of this family; a header beyond it is damaged.
MAX_BYTES = 2**31


def read_idx(data: bytes, name: str, dimensions: int) -> np.ndarray:
    """Decodes one IDX file of unsigned bytes, gzipped or not.

    Args:
        data: The whole file.
        name: What to call it in errors.
        dimensions: 3 for images (N, H, W), 1 for labels (N,).

    Returns:
        uint8 array with that many dimensions.

    Raises:
        IdxFileError: If the magic number is wrong, the file is cut short, has bytes left over
            or is not valid gzip.
    """
    stream: BinaryIO = io.BytesIO(data)
    if data[:2] == b"\x1f\x8b":
        stream = gzip.GzipFile(fileobj=stream)
    try:
        return _decode(stream, name, dimensions)
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise IdxFileError(f"{name}: damaged or truncated gzip file ({error})") from error


def _decode(stream: BinaryIO, name: str, dimensions: int) -> np.ndarray:
    header_size = 4 + 4 * dimensions
    header = stream.read(header_size)
    # Two zero bytes, 8 for "unsigned byte", then the number of dimensions.
    magic = bytes([0, 0, 8, dimensions])
    if len(header) >= 4 and header[:4] != magic:
        raise IdxFileError(
            f"{name}: bad magic number {header[:4].hex()}, expected {magic.hex()} "
            f"(unsigned bytes, {dimensions} dimension{'s' if dimensions > 1 else ''})"
        )
    if len(header) < header_size:
        raise IdxFileError(f"{name}: truncated, {len(header)} of {header_size} header bytes")
    shape = struct.unpack(f">{dimensions}I", header[4:])
    size = math.prod(shape)
    if size > MAX_BYTES:
        raise IdxFileError(f"{name}: its header claims {size} bytes, the limit is {MAX_BYTES}")
    # One byte more than announced tells a file that is too long from one that fits.
    body = stream.read(size + 1)
    if len(body) < size:
        raise IdxFileError(f"{name}: truncated, {len(body)} of {size} bytes after the header")
    if len(body) > size:
        raise IdxFileError(f"{name}: longer than the {size} bytes its header announces")
    return np.frombuffer(body, np.uint8).reshape(shape)
