import json

import keras
import numpy as np
import pytest

from igc_tf import Generator, InvertedGeneratorClassifier
from igc_tf.errors import InputError
from igc_tf.generators.generator import Prior
from igc_tf.search import (
    DIFFERENCES,
    Adam,
    Deformation,
    LatentRestriction,
    Linear,
    Momentum,
    Patience,
    SearchSettings,
    named_settings,
    robust_settings,
    shared_settings,
)
from igc_tf.search.differences import Weighted
from tests.fixtures.linear_generator import exact_encoder, linear_generator


def test_defaults_are_the_papers():
    settings = SearchSettings()
    assert (settings.steps, settings.learning_rate) == (100, 0.001)
    assert (settings.beta_1, settings.beta_2, settings.epsilon) == (0.9, 0.999, 1e-7)
    assert settings.final_learning_rate is None
    assert settings.difference == "mean_absolute"
    assert (settings.restriction_weight, settings.restriction_norm) == (0.03, "absolute")
    assert settings.decision == "difference"
    assert (settings.values, settings.plan) == ("last", None)
    assert (settings.tolerance, settings.patience) == (None, 10)


def test_survive_json():
    settings = SearchSettings(
        steps=7, final_learning_rate=0.0, decision="loss", values="best", plan=((3, 2), (4, None))
    )
    assert SearchSettings.from_dict(json.loads(json.dumps(settings.to_dict()))) == settings


def test_numpys_numbers_are_pythons():
    settings = SearchSettings(
        steps=np.int64(3), learning_rate=np.float32(0.5), plan=((np.int64(3), np.int32(2)),)
    )
    assert settings == SearchSettings(steps=3, learning_rate=0.5, plan=((3, 2),))
    assert SearchSettings.from_dict(json.loads(json.dumps(settings.to_dict()))) == settings


def test_refuses_more_steps_than_a_loop_counts():
    with pytest.raises(InputError, match="steps=2147483648: expected"):
        SearchSettings(steps=2**31)


def test_name_what_is_no_name():
    def furthest(data, generated):
        return data

    assert SearchSettings(difference=furthest).to_dict()["difference"] == "furthest"
    named = SearchSettings(decision=Deformation(context=5)).to_dict()["decision"]
    assert named.startswith("Deformation(") and "context=5" in named
    assert SearchSettings(optimizer=Momentum(0.1)).to_dict()["optimizer"].startswith("Momentum(")


def test_a_sum_of_differences_is_called_by_what_it_sums():
    one, other, heavier = (
        SearchSettings(difference=Weighted(((weight, "mean_squared"), (1.0, Deformation()))))
        for weight in (1.0, 1.0, 2.0)
    )
    assert one == other and one.to_dict() == other.to_dict()
    assert one != heavier and one.to_dict() != heavier.to_dict()


def test_make_the_solver_they_describe():
    constants = {"learning_rate": 0.1, "beta_1": 0.5, "beta_2": 0.6, "epsilon": 0.01}
    assert SearchSettings(**constants).solver() == Adam(*constants.values())
    falling = SearchSettings(steps=16, learning_rate=0.1, final_learning_rate=0.01).solver()
    assert falling.learning_rate == Linear(0.1, 0.01, over=16)
    assert SearchSettings(optimizer="momentum", **constants).solver() == Momentum(0.1, 0.5)
    own = Momentum(Linear(1.0, 0.5, over=3))
    assert SearchSettings(optimizer=own).solver() is own


def test_make_the_convergence_and_restriction_they_describe():
    assert SearchSettings().convergence() is None
    settings = SearchSettings(tolerance=0.1, patience=7, restriction_weight=0.5)
    assert settings.convergence() == Patience(0.1, 7)
    prior = Prior(1.0, 2.0)
    assert settings.restriction(prior) == LatentRestriction(0.5, "absolute", prior)


def test_decision_by_what_is_descended_on_is_the_difference():
    assert SearchSettings(decision="mean_absolute").decision_difference() == "difference"
    other = SearchSettings(decision="mean_squared").decision_difference()
    assert other is DIFFERENCES["mean_squared"]


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"steps": -1}, "steps=-1"),
        ({"steps": 1.5}, "steps=1.5"),
        ({"learning_rate": 0.0}, "learning_rate=0.0"),
        ({"learning_rate": float("inf")}, "learning_rate=inf"),
        ({"final_learning_rate": -0.1}, "final_learning_rate=-0.1"),
        ({"beta_2": 1.0}, "beta_2=1.0"),
        ({"difference": "cosine"}, "'cosine'.*mean_absolute"),
        ({"restriction_weight": -0.03}, "-0.03"),
        ({"restriction_norm": "cubic"}, "'cubic'.*'absolute'"),
        ({"decision": "vote"}, "'vote'.*difference"),
        ({"optimizer": "lion"}, "'lion'.*adam.*momentum"),
        ({"optimizer": keras.optimizers.Adam()}, "keras.*adam.*momentum.*`init` and `step`"),
        ({"tolerance": -1e-3}, "tolerance=-0.001"),
        ({"tolerance": float("nan")}, "tolerance=nan"),
        ({"patience": 0}, "patience=0"),
        ({"gate": -0.1}, "gate=-0.1"),
        ({"values": "first"}, "values='first'.*'last'.*'best'"),
        ({"steps": 6, "plan": ((2, 3), (3, None))}, "has 5 steps: expected steps=6"),
        ({"steps": 6, "plan": ((6,),)}, r"expected \(\(steps, candidates or None\), …\)"),
        ({"steps": 6, "plan": ((6, 0),)}, r"expected \(\(steps, candidates or None\), …\)"),
        ({"steps": 6, "plan": ((-1, 2), (7, None))}, r"expected \(\(steps, candidates"),
        ({"steps": 1, "plan": (0, 1)}, r"plan=\(0, 1\): expected \(\(steps, candidates"),
        ({"steps": 1, "plan": 1}, r"plan=1: expected \(\(steps, candidates"),
        ({"steps": 0, "plan": ()}, r"plan=\(\): expected .* one stage or more"),
        ({"steps": 3, "plan": ((1.5, None), (1.5, None))}, "plan=.*of whole numbers"),
        ({"steps": 3, "plan": ((3, 2.0),)}, "plan=.*of whole numbers"),
        ({"steps": 1, "plan": ((True, None),)}, "plan=.*of whole numbers"),
    ],
)
def test_refuse_values_outside_their_ranges(values, message):
    with pytest.raises(InputError, match=message):
        SearchSettings(**values)


def test_refuse_unknown_names():
    with pytest.raises(InputError, match="momentum"):
        SearchSettings.from_dict({"momentum": 0.9})


def test_stages_are_the_plan_or_all_steps_at_once():
    assert SearchSettings(steps=9).stages(3) == ((9, None),)
    settings = SearchSettings(steps=9, plan=[[4, 2], [5, 1]])
    assert settings.stages(3) == ((4, 2), (5, 1))
    with pytest.raises(InputError, match="keeps 2 of 1 candidates"):
        settings.stages(1)


def test_shared_settings_suit_however_few_classes():
    shape = (8, 8, 1)
    model, *parts = linear_generator(classes=2, data_shape=shape, bound=0.5)
    generator = Generator(model, bounds=(-0.5, 0.5), encoder=exact_encoder(*parts, shape))
    for name, settings in shared_settings(2).items():
        classifier = InvertedGeneratorClassifier(generator, settings)
        assert classifier.settings == SearchSettings.from_dict(settings.to_card()), name
    for size in (10, 26):
        assert shared_settings(size)["robust"] == robust_settings()
    assert robust_settings().plan == ((0, 10),)


def test_settings_go_by_the_names_on_the_card():
    best = SearchSettings(steps=16, learning_rate=0.01, decision="deformation")
    card = {"settings": {"best": best.to_dict()}}
    own = SearchSettings(steps=3)
    assert named_settings(own, card) is own
    assert named_settings(None, card) == named_settings("best", card) == best
    assert named_settings(None) == named_settings("paper", card) == SearchSettings()
    with pytest.raises(InputError, match=r"settings='best': expected one of \['paper'\]"):
        named_settings("best")
    with pytest.raises(InputError, match=r"'bets': did you mean 'best'\? Expected one of \['best'"):
        named_settings("bets", card)
