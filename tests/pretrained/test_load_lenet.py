"""The shipped LeNet."""

import pytest

import igc_tf
from igc_tf.classifiers import evaluate_network
from igc_tf.data import bundled_digits, label_digits
from igc_tf.pretrained import lenet_card, lenet_names

# of several labels, all have to be right
LEAST_ACCURACY = {"mnist-lenet": 0.985, "mnist-multilabel-lenet": 0.975}


def test_every_lenet_is_tried_on_digits():
    assert set(LEAST_ACCURACY) == set(lenet_names())


@pytest.mark.parametrize("name", LEAST_ACCURACY)
def test_shipped_lenets_read_digits_they_were_not_trained_on(name):
    card = lenet_card(name)
    digits = bundled_digits()
    if card["activation"] == "sigmoid":
        digits = label_digits(digits, card["training"]["recipe"]["seed"])
    evaluation = evaluate_network(igc_tf.load_lenet(name), digits.images, digits.labels)
    assert evaluation.accuracy > LEAST_ACCURACY[name]
    # what the card says of the same digits, give or take the rounding to float16
    assert evaluation.accuracy == pytest.approx(card["chosen_epoch"]["accuracy"], abs=0.001)
    assert evaluation.count == card["chosen_epoch"]["count"] == len(digits.images)


@pytest.mark.parametrize("name", lenet_names())
def test_every_card_tells_how_it_was_made(name):
    card = lenet_card(name)
    assert card["training"]["command"].startswith("python -m training.")
    assert len(card["training"]["commit"]) >= 7
    assert card["parameters"] == igc_tf.load_lenet(name).count_params()


def test_lenets_and_generators_do_not_mix():
    assert "mnist-lenet" in lenet_names() and "mnist-lenet" not in igc_tf.generator_names()
    with pytest.raises(ValueError, match=r"'mnist-cagan-compact'.*mnist-lenet"):
        igc_tf.load_lenet("mnist-cagan-compact")
    with pytest.raises(ValueError, match="mnist-lenet"):
        igc_tf.load_generator("mnist-lenet")
