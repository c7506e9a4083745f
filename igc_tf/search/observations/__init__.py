"""Observations: what may have happened to an image between the generator and the data."""

from igc_tf.search.observations.base import Begun, Identity, Observation, Parameter
from igc_tf.search.observations.blur import Blur, MotionBlur, Outline
from igc_tf.search.observations.compose import AnyOf, Compose, Explanations, Undone
from igc_tf.search.observations.light import Contrast, Light, Polarity, UnevenLight
from igc_tf.search.observations.missing import fill_missing
from igc_tf.search.observations.named import OBSERVATIONS
from igc_tf.search.observations.pose import Pose

__all__ = [
    "OBSERVATIONS",
    "AnyOf",
    "Begun",
    "Blur",
    "Compose",
    "Contrast",
    "Explanations",
    "Identity",
    "Light",
    "MotionBlur",
    "Observation",
    "Outline",
    "Parameter",
    "Polarity",
    "Pose",
    "Undone",
    "UnevenLight",
    "fill_missing",
]
