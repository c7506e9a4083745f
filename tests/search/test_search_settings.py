import json

import pytest

from igc_tf.search import DeformationDifference, SearchSettings, mean_squared


def test_defaults_are_the_papers():
    settings = SearchSettings()
    assert (settings.steps, settings.learning_rate) == (100, 0.001)
    assert (settings.beta_1, settings.beta_2) == (0.9, 0.999)
    assert settings.final_learning_rate is None
    assert settings.difference == "mean_absolute"
    assert (settings.restriction_weight, settings.restriction_norm) == (0.03, "absolute")
    assert settings.decision == "difference"


def test_survive_json():
    settings = SearchSettings(steps=7, final_learning_rate=0.0, decision="loss")
    assert SearchSettings.from_dict(json.loads(json.dumps(settings.to_dict()))) == settings
    assert SearchSettings(difference=mean_squared).to_dict()["difference"] == "mean_squared"
    named = SearchSettings(decision=DeformationDifference(context=5)).to_dict()["decision"]
    assert named.startswith("DeformationDifference(") and "context=5" in named


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"steps": 0}, "steps=0"),
        ({"steps": 1.5}, "steps=1.5"),
        ({"learning_rate": 0.0}, "learning_rate=0.0"),
        ({"learning_rate": float("inf")}, "learning_rate=inf"),
        ({"final_learning_rate": -0.1}, "final_learning_rate=-0.1"),
        ({"beta_2": 1.0}, "beta_2=1.0"),
        ({"difference": "cosine"}, "'cosine'.*mean_absolute"),
        ({"restriction_weight": -0.03}, "-0.03"),
        ({"decision": "vote"}, "'vote'.*difference"),
    ],
)
def test_refuse_values_outside_their_ranges(values, message):
    with pytest.raises(ValueError, match=message):
        SearchSettings(**values)


def test_refuse_unknown_names():
    with pytest.raises(ValueError, match="momentum"):
        SearchSettings.from_dict({"momentum": 0.9})
