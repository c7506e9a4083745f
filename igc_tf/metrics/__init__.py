"""Figures that judge a classifier or a generator.

A generator is judged in three stages, each of use by itself: features (`InceptionFeatures`,
`LeNetFeatures`), their statistics (`FeatureStatistics`), a distance (`frechet_distance`;
`kernel_distance`, of the features themselves).
"""

from igc_tf.metrics.feature_statistics import FeatureStatistics
from igc_tf.metrics.frechet_distance import frechet_distance
from igc_tf.metrics.inception_features import InceptionFeatures
from igc_tf.metrics.kernel_distance import kernel_distance
from igc_tf.metrics.lenet_features import LeNetFeatures
from igc_tf.metrics.wilson_interval import wilson_interval

__all__ = [
    "FeatureStatistics",
    "InceptionFeatures",
    "LeNetFeatures",
    "frechet_distance",
    "kernel_distance",
    "wilson_interval",
]
