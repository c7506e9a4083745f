"""What comes from a training and from result files onto a card, and what is refused."""

import json
from dataclasses import replace

import numpy as np
import pytest

from igc_tf.classifiers import evaluate_network, load_classifier, load_network
from igc_tf.data import bundled_digits
from igc_tf.errors import InputError
from igc_tf.generators.store import generator_card, load_generator, save_generator
from igc_tf.search import SearchSettings, robust_settings, shared_settings
from igc_tf.training import NetworkRecipe, train_network
from tests.fixtures.encoded_digits import save_encoded_digits
from tests.training.tiny_run import RECIPE, tiny_parts, train_tiny
from training.calibrate import CalibrateOptions, calibrate_card
from training.publish import publish_generator, publish_network, renew_settings

TABLE = {
    "program": "igc-tf reproduce",
    "options": {"images": 5},
    "search": {"steps": 3},
    "data": {"count": 5},
    "environment": {"date": "today"},
    "complete": True,
    "rows": [{"sigma": 0.0}],
}
KNOWN = bundled_digits().sample(12, seed=4)
CHOICE = {
    "program": "python -m evaluation.search_settings",
    "complete": True,
    "best_settings": {"steps": 7},
}


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """A finished training in two stages."""
    folder = tmp_path_factory.mktemp("run")
    first = replace(RECIPE, epochs=1, train_images=64)
    train_tiny(folder / "first", first)
    recipe = replace(first, learning_rate=1e-4)
    return train_tiny(folder / "second", recipe, start_from=folder / "first")


@pytest.fixture
def digests(run, tmp_path):
    """Of its generator as it was trained, and as it ships."""
    generator = load_generator(run)
    cards = [save_generator(generator, tmp_path / dtype, dtype) for dtype in ("float32", "float16")]
    found = [card["weights"]["digest"] for card in cards]
    assert found[0] != found[1]
    return found


def _result(folder, content, digest):
    folder.mkdir()
    (folder / "result.json").write_text(json.dumps({**content, "generator_sha256": digest}))
    return folder


def test_the_card_says_what_the_training_recorded(run, tmp_path):
    options = json.loads((run / "options.json").read_text())
    assert options["start_from"] == "../first" and options["seconds"] > 0
    options["command"] = f"train --output {run}"
    (run / "options.json").write_text(json.dumps(options))
    card = publish_generator(run, "own", folder=tmp_path, known=KNOWN)
    # a card does not tell where on a machine the files lay
    options["command"] = "train --output second"
    assert card["training"] == options and str(run.parent) not in json.dumps(card)
    assert {"command", "commit", "environment", "data"} <= set(options)
    assert card["command_now"] is None
    assert options["start"]["recipe"]["learning_rate"] == RECIPE.learning_rate
    assert card["chosen_epoch"] == json.loads((run / "best.json").read_text())
    # without another choice, the search that the training judged it by
    assert card["settings"]["best"]["steps"] == RECIPE.separation.settings.steps
    loaded, trained = load_generator(tmp_path / "own"), load_generator(run)
    assert loaded.name == "own" and loaded.layout == trained.layout
    assert loaded.card["training"] == options
    labels = np.arange(10)
    np.testing.assert_allclose(loaded.sample(labels, 0), trained.sample(labels, 0), atol=2e-2)


def test_the_card_says_what_the_scores_mean(run, tmp_path):
    card = publish_generator(run, "own", folder=tmp_path, known=KNOWN)
    (name,) = card["calibration"]
    assert name == "best" and card["calibration"][name]["data"]["count"] == 12
    # of the weights as they ship, and by name or by the same settings
    classifier = load_classifier(tmp_path / "own")
    again = load_classifier(tmp_path / "own", classifier.settings)
    scores = classifier.predict(KNOWN.images, verbose=0)
    assert again.calibration.temperature == classifier.calibration.temperature > 0
    known = classifier.calibration.doubts["difference"]
    np.testing.assert_allclose(known, -scores.max(axis=1), rtol=1e-4)
    found = classifier.classify(KNOWN.images)
    by_hand = np.exp(scores / classifier.calibration.temperature)
    by_hand /= by_hand.sum(axis=1, keepdims=True)
    np.testing.assert_allclose(found.probabilities, by_hand, atol=1e-4)
    # other settings, or other weights, are another matter
    assert load_classifier(tmp_path / "own", "paper").calibration is None
    card["calibration"][name]["weights_sha256"] = "another"
    (tmp_path / "own" / "card.json").write_text(json.dumps(card))
    assert load_classifier(tmp_path / "own").calibration is None


def test_a_card_is_calibrated_anew_one_setting_at_a_time(tmp_path):
    one, other = SearchSettings(steps=0, start="encoder"), SearchSettings(steps=1)
    save_encoded_digits(tmp_path / "own", None, one=one, other=other)
    before = generator_card(tmp_path / "own")
    calibrate_card(tmp_path / "own", ("one",), KNOWN, verbose=0)
    found = calibrate_card(tmp_path / "own", ("paper",), KNOWN, verbose=0)
    card = generator_card(tmp_path / "own")
    assert list(card.pop("calibration")) == ["one", "paper"] and list(found) == ["paper"]
    # nothing else has changed
    assert card == before
    assert load_classifier(tmp_path / "own", "other").calibration is None
    assert load_classifier(tmp_path / "own", "paper").calibration.temperature > 0
    assert set(calibrate_card(tmp_path / "own", (), KNOWN, verbose=0)) == {"one", "other"}
    with pytest.raises(InputError, match="no generator 'none'"):
        calibrate_card("none")


def test_nothing_is_calibrated_of_which_the_data_are_not_known(tmp_path):
    save_encoded_digits(tmp_path / "own")
    before = generator_card(tmp_path / "own")
    with pytest.raises(InputError, match="own' does not say what data it was trained on"):
        calibrate_card(tmp_path / "own", ("paper",))
    assert generator_card(tmp_path / "own") == before
    with pytest.raises(InputError, match="no generator given: expected one or more"):
        CalibrateOptions(())


def test_figures_are_of_the_generator_as_trained_or_as_shipped(run, digests, tmp_path):
    trained, shipped = digests
    table = _result(tmp_path / "table", TABLE, shipped)
    choice = _result(tmp_path / "choice", CHOICE, trained)
    card = publish_generator(run, "own", choice, (table,), tmp_path, KNOWN)
    assert card["settings"] == {"best": {"steps": 7}}
    kept = ("program", "options", "search", "data", "rows")
    assert card["metrics"] == [{key: TABLE[key] for key in kept}]


def test_settings_that_depend_on_no_training_are_renewed_and_nothing_else(run, tmp_path):
    old = {**robust_settings().to_dict(), "gate": None, "evidence": 0.5}
    generator = load_generator(run)
    known = {"settings": {"robust": old, "fast": {}}, "calibration": {"robust": {}, "fast": {}}}
    card = save_generator(generator, tmp_path / "own", **known)
    renewed = renew_settings("own", tmp_path)
    today = {name: settings.to_dict() for name, settings in shared_settings(10).items()}
    assert renewed["settings"] == {**today, "fast": {}} and set(today) == {"robust", "masked"}
    # the scores of other settings mean something else
    assert renewed["calibration"] == {"fast": {}}
    new = {name: renewed[name] for name in known}
    assert renewed == {**card, **new}
    assert load_generator(tmp_path / "own").card["settings"] == renewed["settings"]
    # what is the same keeps its calibration, also where a card was written before a field was there
    written = {name: value for name, value in today["robust"].items() if name != "draws"}
    known = {"settings": {"robust": written}, "calibration": {"robust": {"temperature": 1}}}
    save_generator(generator, tmp_path / "same", **known)
    renewed = renew_settings("same", tmp_path)
    assert renewed["settings"] == {"robust": written, "masked": today["masked"]}
    assert renewed["calibration"] == {"robust": {"temperature": 1}}
    save_generator(generator, tmp_path / "other")
    with pytest.raises(InputError, match="'other' has no robust settings"):
        renew_settings("other", tmp_path)


def test_of_several_generators_its_own_test_rows_are_taken(run, digests, tmp_path):
    rows = [
        {"split": split, "latent_size": size} for split in ("test", "validation") for size in (4, 5)
    ]
    content = {**TABLE, "rows": rows, "best_settings": {"steps": 20}}
    directory = _result(tmp_path / "inverse", content, {"4": digests[0], "5": "another"})
    card = publish_generator(run, "own", directory, (directory,), tmp_path, KNOWN)
    assert card["settings"] == {"best": {"steps": 20}}
    assert card["metrics"][0]["rows"] == [{"split": "test", "latent_size": 4}]


def test_refuses_what_is_unfinished_or_about_something_else(run, digests, tmp_path):
    nowhere = tmp_path / "nowhere"
    with pytest.raises(ValueError, match="nowhere holds no finished training"):
        publish_generator(nowhere, "own", folder=tmp_path)
    with pytest.raises(ValueError, match="nowhere holds no finished training"):
        publish_network(nowhere, "own", folder=tmp_path)
    assert not nowhere.exists()
    with pytest.raises(ValueError, match="nowhere holds no finished result"):
        publish_generator(run, "own", nowhere, folder=tmp_path)
    unfinished = _result(tmp_path / "unfinished", {**TABLE, "complete": False}, digests[0])
    with pytest.raises(ValueError, match="unfinished holds no finished result"):
        publish_generator(run, "own", results=(unfinished,), folder=tmp_path)
    other = _result(tmp_path / "other", TABLE, "0123")
    with pytest.raises(
        ValueError, match=f"another generator, of hash 0123: expected.*{digests[0]}"
    ):
        publish_generator(run, "own", results=(other,), folder=tmp_path)
    table = _result(tmp_path / "table", TABLE, digests[0])
    with pytest.raises(ValueError, match="igc-tf reproduce, which chooses no settings"):
        publish_generator(run, "own", table, folder=tmp_path)
    assert not (tmp_path / "own").exists()


def test_a_network_ships_with_its_own_figures(tmp_path):
    parts = tiny_parts()
    recipe = NetworkRecipe(epochs=2, batch_size=50, learning_rate=3e-3, train_images=400)
    train_network(recipe, tmp_path / "run", parts, verbose=0)
    card = publish_network(tmp_path / "run", "own", folder=tmp_path)
    result = json.loads((tmp_path / "run" / "result.json").read_text())
    assert card["metrics"]["test"] == result["test"] and card["chosen_epoch"] == result["best"]
    assert card["training"]["recipe"]["learning_rate"] == 3e-3
    found = evaluate_network(load_network(tmp_path / "own"), parts[2].images, parts[2].labels)
    # rounded weights read nearly the same
    assert found.accuracy == pytest.approx(result["test"][0]["accuracy"], abs=0.01)
