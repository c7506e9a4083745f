"""Which generators may read which images."""

from dataclasses import replace

import pytest

import igc_tf
from igc_tf.data import bundled_digits
from igc_tf.evaluation.check_generator import check_generator
from tests.fixtures.mean_digits import label_generator, mean_digit_generator


def test_refuses_other_conditions_or_shapes():
    digits = bundled_digits().sample(10, seed=0)
    check_generator("own.keras", mean_digit_generator(), digits)
    with pytest.raises(ValueError, match=r"mnist has 10 conditions.*own\.keras 8 "):
        check_generator("own.keras", label_generator(), digits)
    check_generator("own.keras", label_generator(), digits, conditions=8)
    with pytest.raises(ValueError, match=r"\(27, 28, 1\).*\(28, 28, 1\)"):
        cropped = replace(digits, data=digits.images[:, 1:])
        check_generator("own.keras", mean_digit_generator(), cropped)


def test_refuses_what_a_generator_that_ships_was_not_trained_on():
    name = "mnist-cagan-compact"
    digits = bundled_digits().sample(10, seed=0)
    check_generator(name, igc_tf.load_generator(name), digits)
    with pytest.raises(ValueError, match=f"{name} was trained on mnist.*fashion_mnist"):
        check_generator(name, igc_tf.load_generator(name), replace(digits, name="fashion_mnist"))
