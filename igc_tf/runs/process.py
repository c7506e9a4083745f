"""This process: what it runs, with what and where, its memory, what libraries write to stderr."""

import contextlib
import datetime
import importlib.metadata
import os
import platform
import resource
import shlex
import subprocess
import sys
import tempfile
from pathlib import Path

_PACKAGES = ("igc-tf", "tensorflow", "keras", "numpy", "scipy", "tensorflow-datasets")


def describe_code():
    """Returns what was run: `command`, as typed, and `commit`, of this code; JSON-ready.

    The commit is None for a package that was installed without its repository; it ends in
    "-dirty" where files of the repository were changed since.
    """
    command = " ".join([_program_name(), *map(shlex.quote, sys.argv[1:])])
    here = Path(__file__).parent
    # only if this very file is under version control: some other project's may lie around it
    tracked = _git(here, "ls-files", "--error-unmatch", Path(__file__).name)
    commit = _git(here, "rev-parse", "HEAD") if tracked else None
    if commit and _git(here, "status", "--porcelain", "--untracked-files=no"):
        commit += "-dirty"
    return {"command": command, "commit": commit}


def _program_name():
    """`python -m MODULE`, or the name of the script."""
    module = getattr(sys.modules["__main__"], "__spec__", None)
    if module is None:
        return Path(sys.argv[0]).name
    return f"python -m {module.name.removesuffix('.__main__')}"


def _git(folder, *arguments):
    """What a git command prints, None if it fails or there is no git."""
    try:
        done = subprocess.run(
            ["git", "-C", folder, *arguments], capture_output=True, text=True, check=True
        )
    except (OSError, subprocess.CalledProcessError):
        return None
    return done.stdout.strip()


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


def describe_run():
    """Returns what `describe_code` and `describe_environment` do, in one dictionary."""
    return {**describe_code(), **describe_environment()}


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


def peak_memory():
    """Returns the most memory that this process ever had resident, bytes."""
    try:
        # what `getrusage` says begins with the memory of the process that started this one
        status = Path("/proc/self/status").read_text(encoding="utf-8")
        kilobytes = next(line.split()[1] for line in status.splitlines() if "VmHWM" in line)
        return 1024 * int(kilobytes)
    except (OSError, StopIteration):
        return 1024 * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


@contextlib.contextmanager
def quiet_stderr():
    """Lets nothing in the block reach stderr, not even from C++."""
    sys.stderr.flush()
    kept = os.dup(2)
    with tempfile.TemporaryFile() as sink:
        os.dup2(sink.fileno(), 2)
        try:
            yield
        finally:
            os.dup2(kept, 2)
            os.close(kept)
