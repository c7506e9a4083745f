"""Classifiers to export, and a process that has not got this package."""

import subprocess
import sys

import igc_tf
from tests.search.linear_generator import linear_generator

SHAPE = (3, 2, 1)


def linear_classifier(**settings):
    """A classifier of a few steps over the linear generator, for data in [-1, 1]."""
    model, _, _ = linear_generator(latent_size=2, data_shape=SHAPE)
    settings = igc_tf.SearchSettings(**{"steps": 8, "learning_rate": 0.05, **settings})
    return igc_tf.InvertedGeneratorClassifier(model, settings, data_range=(-1.0, 1.0))


def compact_classifier():
    """The shipped generator with a few steps."""
    return igc_tf.InvertedGeneratorClassifier(
        igc_tf.load_generator("mnist-cagan-compact"), igc_tf.SearchSettings(steps=4)
    )


def run_without(packages, program, *arguments):
    """Runs Python text in a process that cannot import `packages`."""
    blocked = "".join(f"sys.modules[{name!r}] = None\n" for name in packages)
    done = subprocess.run(
        [sys.executable, "-c", f"import sys\n{blocked}{program}", *map(str, arguments)],
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout
