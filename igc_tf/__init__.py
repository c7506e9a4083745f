"""Classify by inverting a generator: Keras 3 / TensorFlow.

import igc_tf

classifier = igc_tf.InvertedGeneratorClassifier(igc_tf.load_generator("mnist-cagan-compact"))
predictions = classifier.classify(images).predictions
"""

import contextlib
import importlib
import importlib.abc
import importlib.util
import sys

__version__ = "0.1.0"

# name -> module; imported when first asked for, so that `import igc_tf` is quick and quiet
_PUBLIC = {
    "Classification": "igc_tf.classifiers",
    "Evaluation": "igc_tf.classifiers",
    "ConditionLayout": "igc_tf.data",
    "Generator": "igc_tf.generators",
    "IGCError": "igc_tf.errors",
    "InputError": "igc_tf.errors",
    "InverseClassification": "igc_tf.classifiers",
    "InverseClassifier": "igc_tf.classifiers",
    "InvertedGeneratorClassifier": "igc_tf.classifiers",
    "MultiLabelClassification": "igc_tf.classifiers",
    "MultiLabelInvertedGeneratorClassifier": "igc_tf.classifiers",
    "SearchClassifier": "igc_tf.classifiers",
    "SearchSettings": "igc_tf.search",
    "diagnose": "igc_tf.classifiers",
    "generator_card": "igc_tf.generators",
    "generator_names": "igc_tf.generators",
    "load_classifier": "igc_tf.classifiers",
    "load_generator": "igc_tf.generators",
    "load_images": "igc_tf.data",
    "load_lenet": "igc_tf.classifiers",
    "save_generator": "igc_tf.generators",
}

__all__ = [*_PUBLIC, "__version__"]


def __getattr__(name):
    if name not in _PUBLIC:
        raise AttributeError(f"module 'igc_tf' has no attribute {name!r}")
    return getattr(importlib.import_module(_PUBLIC[name]), name)


def __dir__():
    return sorted(__all__)


def _register_layers():
    """Tells Keras the layers of this package, which files that it saved hold."""
    # another backend than TensorFlow is refused where a model is made, not here
    with contextlib.suppress(ImportError):
        importlib.import_module("igc_tf.generators.layers")


class _WithKeras(importlib.abc.MetaPathFinder):
    """Registers the layers when somebody imports Keras: `import igc_tf` alone stays quick."""

    def find_spec(self, name, path=None, target=None):
        if name != "keras":
            return None
        sys.meta_path.remove(self)
        spec = importlib.util.find_spec(name)
        if spec is None or spec.loader is None:
            return spec
        execute = spec.loader.exec_module

        def execute_and_register(module):
            execute(module)
            _register_layers()

        spec.loader.exec_module = execute_and_register
        return spec


if "keras" in sys.modules:
    _register_layers()
else:
    sys.meta_path.insert(0, _WithKeras())
