"""Figures that judge a classifier or a generator.

A generator is judged in three stages, each of use by itself: features (`NetworkFeatures` of a
network that is given, `InceptionFeatures`), their statistics (`FeatureStatistics`), a distance
(`frechet_distance`; `kernel_distance`, of the features themselves). An accuracy has its
`wilson_interval`, the difference of two on the same examples its `paired_interval`; repeated ones
are compared by `PairedComparison`.
"""

from igc_tf.metrics.distances import FeatureStatistics, frechet_distance, kernel_distance
from igc_tf.metrics.features import InceptionFeatures, NetworkFeatures
from igc_tf.metrics.intervals import PairedComparison, paired_interval, wilson_interval

__all__ = [
    "FeatureStatistics",
    "InceptionFeatures",
    "NetworkFeatures",
    "PairedComparison",
    "frechet_distance",
    "kernel_distance",
    "paired_interval",
    "wilson_interval",
]
