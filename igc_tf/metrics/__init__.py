"""Figures that judge a classifier or a generator.

A generator is judged in three stages, each of use by itself: features (`NetworkFeatures` of a
network that is given, `InceptionFeatures`), their statistics (`FeatureStatistics`), a distance
(`frechet_distance`; `kernel_distance`, of the features themselves). An accuracy has its
`wilson_interval`, the difference of two on the same examples its `paired_interval`, what should
hardly ever happen its `binomial_upper_bound`; repeated ones are compared by `PairedComparison`.
Of drawn ink, `stroke_width` and `slant` are measured.
"""

from igc_tf.metrics.distances import FeatureStatistics, frechet_distance, kernel_distance
from igc_tf.metrics.features import InceptionFeatures, NetworkFeatures
from igc_tf.metrics.ink import slant, stroke_width
from igc_tf.metrics.intervals import (
    PairedComparison,
    binomial_upper_bound,
    paired_interval,
    wilson_interval,
)

__all__ = [
    "FeatureStatistics",
    "InceptionFeatures",
    "NetworkFeatures",
    "PairedComparison",
    "binomial_upper_bound",
    "frechet_distance",
    "kernel_distance",
    "paired_interval",
    "slant",
    "stroke_width",
    "wilson_interval",
]
