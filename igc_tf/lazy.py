"""Public names of a package that are imported when somebody first asks for them.

Most modules import TensorFlow, which takes seconds and prints. So `import igc_tf` stays quick and
quiet, `--help` answers at once, and Keras, while it is being imported itself, can be told of this
package's layers.
"""

import importlib


def lazy_names(package, modules):
    """What a package's `__init__` needs to import its public names late.

    In the package::

        __getattr__, __dir__, __all__ = lazy_names(__name__, {"Generator": "generator"})

    Args:
        package: its `__name__`.
        modules: {public name: the module of the package that has it}.

    Returns:
        The package's `__getattr__`, `__dir__` and `__all__`.
    """
    names = sorted(modules)

    def get(name):
        if name not in modules:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        return getattr(importlib.import_module(f"{package}.{modules[name]}"), name)

    return get, lambda: names, names
