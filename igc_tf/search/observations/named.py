"""The observations that settings name."""

import numpy as np

from igc_tf.errors import InputError
from igc_tf.search.observations.base import Identity
from igc_tf.search.observations.blur import Blur, MotionBlur, Outline
from igc_tf.search.observations.compose import AnyOf, Compose, Explanations, Undone
from igc_tf.search.observations.light import Contrast, Light, Polarity, UnevenLight
from igc_tf.search.observations.pose import Pose


def _contrast(generator):
    """Less contrast than is generated, undone."""
    _check_images("contrast", generator)
    low, high = generator.bounds
    return Undone(Contrast(low=low, high=high))


def _robust(generator):
    """Light, negatives, shifts undone, and seen through lenses that cannot be undone."""
    _check_images("robust", generator)
    if generator.background != generator.bounds[0]:
        raise InputError(
            f"observation='robust': the generator {generator.name!r} has the background "
            f"{generator.background:g}; expected the lower bound, {generator.bounds[0]:g}, from "
            "which ink, light and shifts are told"
        )
    height, width, _ = generator.data_shape
    low, high = generator.bounds
    ends = {"low": low, "high": high}
    shift = Pose(reach=max(height, width) / 2, shifts_only=True, background=low, high=high)
    field = UnevenLight(**ends)
    explanations = [
        Identity(),
        Undone(shift),
        Undone(Compose(shift, Light(**ends))),
        Undone(Compose(shift, field)),
        Undone(Compose(shift, field, Polarity("columns", width, **ends))),
        Undone(Compose(shift, field, Polarity("rows", height, **ends))),
        Undone(Compose(shift, field, Polarity(**ends))),
        Undone(Compose(shift, Polarity(**ends))),
    ]
    lenses = [
        Identity(),
        Blur((0.8, 1.3, 2.0), background=low),
        MotionBlur((7.0,), (-45.0, 0.0, 45.0, 90.0), background=low),
        Outline((0.5,), **ends),
        Outline((1.1,), steepness=20.0, crests=True, **ends),
    ]
    return Explanations(
        AnyOf(*explanations, prices=(0.0, 0.02, 0.04, 0.04, 0.1, 0.1, 0.04, 0.04)),
        AnyOf(*lenses, prices=(0.0, 0.04, 0.04, 0.06, 0.03), name="lens"),
    )


def _check_images(name, generator):
    if len(generator.data_shape) != 3 or not np.isfinite(generator.bounds).all():
        raise InputError(
            f"observation={name!r}: the generator {generator.name!r} makes data of shape "
            f"{generator.data_shape} in {generator.bounds}; expected images (height, width, "
            "channels) in finite bounds"
        )


# made for a generator: its frame and its bounds
OBSERVATIONS = {"contrast": _contrast, "robust": _robust}
