import gzip
import struct

import numpy as np
import pytest

from igc_tf.data import IdxFileError
from igc_tf.data.idx_format import read_idx

from .idx_writer import idx_bytes

IMAGES = np.arange(2 * 3 * 4, dtype=np.uint8).reshape(2, 3, 4)


@pytest.mark.parametrize("pack", [bytes, gzip.compress])
def test_reads_plain_and_gzipped(pack):
    np.testing.assert_array_equal(read_idx(pack(idx_bytes(IMAGES)), "f", 3), IMAGES)
    np.testing.assert_array_equal(read_idx(pack(idx_bytes(IMAGES[0, 0])), "f", 1), IMAGES[0, 0])


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "truncated, 0 of 16 header bytes"),
        (idx_bytes(IMAGES)[:9], "truncated, 9 of 16 header bytes"),
        (idx_bytes(IMAGES)[:-1], "truncated, 23 of 24 bytes"),
        (idx_bytes(IMAGES) + b"x", "longer than the 24 bytes"),
        (idx_bytes(IMAGES[0]), "bad magic number 00000802, expected 00000803"),
        (b"\x89PNG" + bytes(40), "bad magic number 89504e47"),
        (bytes([0, 0, 8, 3]) + struct.pack(">3I", 2**31, 28, 28), "header claims"),
        (gzip.compress(idx_bytes(IMAGES))[:-12], "truncated gzip"),
        (b"\x1f\x8b" + bytes(30), "damaged or truncated gzip"),
    ],
)
def test_damage_is_named(data, message):
    with pytest.raises(IdxFileError, match=f"^some-file: .*{message}"):
        read_idx(data, "some-file", 3)
