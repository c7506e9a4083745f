"""Figures. Each function returns an array or a matplotlib figure, and writes nothing.

What is drawn, the bounds of its values and the names of its classes are arguments: grey and colour
images of any size, with an axis for channels or without; any number of classes.
"""

from igc_tf.plots.images import (
    plot_captioned,
    plot_class_samples,
    plot_explanations,
    plot_search,
    tile_images,
    to_unit_range,
)
from igc_tf.plots.judgement import (
    plot_accuracies,
    plot_calibration,
    plot_cases,
    plot_confusion,
    plot_inverse_cases,
    plot_label_cases,
    plot_readings,
)
from igc_tf.plots.trajectories import plot_letters

__all__ = [
    "plot_accuracies",
    "plot_calibration",
    "plot_captioned",
    "plot_cases",
    "plot_class_samples",
    "plot_confusion",
    "plot_explanations",
    "plot_inverse_cases",
    "plot_label_cases",
    "plot_letters",
    "plot_readings",
    "plot_search",
    "tile_images",
    "to_unit_range",
]
