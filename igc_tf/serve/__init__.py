"""Classifiers behind HTTP: a service in TensorFlow Serving's format, and a page to draw on.

`igc_tf.serve.application.build_application` makes the service.
"""

from igc_tf.serve.options import ServiceOptions

__all__ = ["ServiceOptions"]
