"""The shipped LeNet."""

import pytest

import igc_tf
from igc_tf.classifiers import evaluate_network
from igc_tf.data import bundled_digits
from igc_tf.pretrained import lenet_card, lenet_names


def test_shipped_lenet_reads_digits_it_was_not_trained_on():
    digits = bundled_digits()
    evaluation = evaluate_network(igc_tf.load_lenet(), digits.images, digits.labels)
    assert evaluation.accuracy > 0.985
    # what the card says of the same digits, give or take the rounding to float16
    assert evaluation.accuracy == pytest.approx(
        lenet_card("mnist-lenet")["chosen_epoch"]["accuracy"], abs=0.001
    )


@pytest.mark.parametrize("name", lenet_names())
def test_every_card_tells_how_it_was_made(name):
    card = lenet_card(name)
    assert card["training"]["command"].startswith("python -m training.")
    assert len(card["training"]["commit"]) >= 7
    assert card["parameters"] == igc_tf.load_lenet(name).count_params()
    assert card["chosen_epoch"]["count"] > 0


def test_lenets_and_generators_do_not_mix():
    assert "mnist-lenet" in lenet_names() and "mnist-lenet" not in igc_tf.generator_names()
    with pytest.raises(ValueError, match=r"'mnist-cagan-compact'.*mnist-lenet"):
        igc_tf.load_lenet("mnist-cagan-compact")
    with pytest.raises(ValueError, match="mnist-lenet"):
        igc_tf.load_generator("mnist-lenet")
