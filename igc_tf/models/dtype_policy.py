"""Keras' dtype policy for a while."""

import contextlib
from typing import Literal

import keras

# what the programs offer
Precision = Literal["float32", "mixed_bfloat16"]


@contextlib.contextmanager
def dtype_policy(name):
    """Layers made inside take this policy, e.g. "float32" or "mixed_bfloat16".

    Raises:
        InputError: for a policy that Keras does not know.
    """
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy(name)
    try:
        yield
    finally:
        keras.config.set_dtype_policy(before)
