"""Figures that judge a classifier or a generator.

A generator is judged in three stages, each of use by itself: features (`NetworkFeatures` of a
network that is given, `InceptionFeatures`), their statistics (`FeatureStatistics`), a distance
(`frechet_distance`; `kernel_distance`, of the features themselves). What a classifier says of its
examples gives the `inception_score` and the `class_shares`. An accuracy has its
`wilson_interval`, with which results say it as a `proportion`. Probabilities have their
`reliability` and `expected_calibration_error`. Of drawn ink, `stroke_width` and `slant` are
measured.
"""

from igc_tf.metrics.calibration import expected_calibration_error, reliability
from igc_tf.metrics.distances import FeatureStatistics, frechet_distance, kernel_distance
from igc_tf.metrics.features import InceptionFeatures, NetworkFeatures
from igc_tf.metrics.generated import (
    ClassShares,
    InceptionScore,
    class_shares,
    inception_score,
)
from igc_tf.metrics.ink import slant, stroke_width
from igc_tf.metrics.intervals import (
    format_proportion,
    proportion,
    wilson_interval,
)

__all__ = [
    "ClassShares",
    "FeatureStatistics",
    "InceptionFeatures",
    "InceptionScore",
    "NetworkFeatures",
    "class_shares",
    "expected_calibration_error",
    "format_proportion",
    "frechet_distance",
    "inception_score",
    "kernel_distance",
    "proportion",
    "reliability",
    "slant",
    "stroke_width",
    "wilson_interval",
]
