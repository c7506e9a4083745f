"""Classify by inverting a generator: Keras 3 / TensorFlow.

import igc_tf

classifier = igc_tf.load_classifier("mnist-cagan-compact")
predictions = classifier.classify(images).predictions
"""

import contextlib
import importlib
import importlib.abc
import importlib.util
import sys

from igc_tf.lazy import lazy_names

__version__ = "0.1.0"

__getattr__, __dir__, __all__ = lazy_names(
    __name__,
    {
        "Classification": "classifiers",
        "Evaluation": "classifiers",
        "ConditionLayout": "data",
        "Generator": "generators",
        "IGCError": "errors",
        "InputError": "errors",
        "InverseClassification": "classifiers",
        "InverseClassifier": "classifiers",
        "InvertedGeneratorClassifier": "classifiers",
        "MultiLabelClassification": "classifiers",
        "MultiLabelInvertedGeneratorClassifier": "classifiers",
        "SearchClassifier": "classifiers",
        "SearchSettings": "search",
        "diagnose": "classifiers",
        "generator_card": "generators",
        "generator_names": "generators",
        "load_classifier": "classifiers",
        "load_generator": "generators",
        "load_images": "data",
        "load_network": "classifiers",
        "save_generator": "generators",
    },
)
__all__.append("__version__")


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
