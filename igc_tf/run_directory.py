"""A directory that holds what one run was asked, did and found."""

import datetime
import importlib.metadata
import json
import os
import platform
import tempfile
from dataclasses import asdict
from pathlib import Path

from igc_tf.errors import InputError, OutputError

_PACKAGES = ("igc-tf", "tensorflow", "keras", "numpy", "scipy", "tensorflow-datasets")


class RunDirectory:
    """Files of one run; each is written under a temporary name and renamed when complete.

    Args:
        path: created, with its parents, if missing.

    Raises:
        OutputError: if something else is there.
    """

    def __init__(self, path):
        self.path = Path(path)
        if self.path.exists() and not self.path.is_dir():
            raise OutputError(f"{self.path} is no directory: expected one to write into")
        self.path.mkdir(parents=True, exist_ok=True)

    def write_json(self, name, value):
        """Writes `value` as indented JSON and returns the path."""
        text = json.dumps(value, indent=2, ensure_ascii=False) + "\n"
        return self.write(name, lambda path: path.write_text(text, encoding="utf-8"))

    def read_json(self, name):
        """Returns what `write_json` wrote, or None if it is not there."""
        return read_json(self.path / name)

    def findings(self, result, name="rows"):
        """Returns what an interrupted run of the same thing has found so far, `[]` for a new one.

        The same thing: equal in everything `result` says except environment and findings. What
        another run has finished here is left alone until the new one writes its first findings.

        Args:
            result: what the new run will write as `result.json`.
            name: of the list in it that grows.

        Raises:
            InputError: if an unfinished run of another thing has found something here; names what
                differs.
        """
        earlier = self.read_json("result.json")
        if earlier is None or earlier.get("complete") is not False or not earlier.get(name):
            return []
        different = differences(earlier, result, besides=("environment", "complete", name))
        if different:
            raise InputError(
                f"{self.path} holds an unfinished run of something else (there, here): "
                f"{different}. Give the same options to finish it, or another output directory"
            )
        return earlier[name]

    def write_figure(self, name, figure):
        """Writes a matplotlib figure as PNG and returns the path."""
        return self.write(name, lambda path: figure.savefig(path, dpi=100))

    def write(self, name, writer):
        """Calls `writer(temporary_path)`, renames the file to `name`, and returns its path.

        The temporary name keeps the suffix, by which many writers choose their format.
        """
        target = self.path / name
        target.parent.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(
            prefix=".writing-", suffix=target.suffix, dir=target.parent
        )
        os.close(handle)
        try:
            writer(Path(temporary))
            Path(temporary).chmod(0o644)
            os.replace(temporary, target)
        finally:
            Path(temporary).unlink(missing_ok=True)
        return target


def read_json(path):
    """Returns what `RunDirectory.write_json` wrote at a path, or None; makes no directory."""
    return json.loads(path.read_text(encoding="utf-8")) if path.exists() else None


def differences(earlier, now, besides=()):
    """Returns `{name: (earlier's value, now's)}` for each name in `now` where they differ.

    Of values that are dictionaries themselves only what differs in them is named.
    """
    different = {}
    for name in now.keys() - set(besides):
        old, new = earlier.get(name), now[name]
        if isinstance(old, dict) and isinstance(new, dict):
            different |= differences(old, new)
        elif old != new:
            different[name] = (old, new)
    return dict(sorted(different.items()))


def json_ready(options):
    """Returns an options dataclass as it reads back from JSON: lists for tuples, text for paths."""
    return json.loads(json.dumps(asdict(options), default=str))


def describe_environment():
    """Returns when, with which versions and on what machine this process runs, JSON-ready."""
    versions = {"python": platform.python_version()}
    for package in _PACKAGES:
        try:
            versions[package] = importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            versions[package] = None
    return {
        "date": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        "versions": versions,
        "machine": {
            "system": f"{platform.system()} {platform.machine()}",
            "processor": _processor(),
            "cores": len(os.sched_getaffinity(0))
            if hasattr(os, "sched_getaffinity")
            else os.cpu_count(),
            "devices": _devices(),
        },
    }


def _processor():
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor()
    names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor()


def _devices():
    import tensorflow as tf

    gpus = tf.config.list_physical_devices("GPU")
    return [tf.config.experimental.get_device_details(gpu).get("device_name") for gpu in gpus] or [
        "CPU"
    ]
