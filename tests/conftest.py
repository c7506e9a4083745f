"""The order of the test files, those that take long first, so that none is waited for; memory."""

import gc

# by their time, the longest first
_LONG = (
    "notebooks/your_own_pictures.ipynb",
    "tests/training/test_train_gan.py",
    "tests/distributed/test_ray.py",
    "notebooks/lesson.ipynb",
    "tests/docs/test_examples.py",
    "tests/classifiers/test_shipped.py",
    "tests/training/test_workers.py",
    "tests/evaluation/test_own_pictures.py",
    "tests/evaluation/test_load.py",
    "tests/cli/test_classify.py",
    "tests/evaluation/test_attacks.py",
    "tests/cli/test_train_own.py",
    "tests/training/test_network.py",
    "tests/evaluation/test_nuisance.py",
    "notebooks",
)


def pytest_collection_finish():
    """Takes what all tests import out of what the garbage collector looks through."""
    gc.freeze()


def pytest_collection_modifyitems(items):
    """Sorts the files; tests of one file stay together, and in their order."""
    items.sort(key=lambda item: _place(item.nodeid.partition("::")[0]))


def _place(file):
    return next((n for n, long in enumerate(_LONG) if file.startswith(long)), len(_LONG))
