"""The comparison of an export with the Python classifier, and its speed, on a tiny generator."""

import json

import keras
import pytest

import igc_tf
from evaluation.exports.parity import ExportParityOptions, export_parity
from evaluation.exports.speed import SavedModelSpeedOptions, saved_model_speed
from igc_tf.data import bundled_digits
from igc_tf.export import export_hlo
from tests.fixtures.mean_digits import mean_digit_generator


@pytest.fixture(scope="module")
def exported(tmp_path_factory):
    """A folder with a generator and its export."""
    folder = tmp_path_factory.mktemp("parity")
    mean_digit_generator(spread=0.1).save(folder / "own.keras")
    generator = keras.models.load_model(folder / "own.keras")
    settings = igc_tf.SearchSettings(steps=3)
    igc_tf.InvertedGeneratorClassifier(generator, settings).export(folder / "model")
    return folder


def test_tells_that_an_export_agrees(exported, tmp_path):
    options = ExportParityOptions(
        exported / "model",
        generator=str(exported / "own.keras"),
        images=5,
        sigma=(0.4,),
        output=tmp_path,
    )
    result = export_parity(options, bundled_digits(), verbose=0)
    assert json.loads((tmp_path / "result.json").read_text()) == result
    (row,) = result["rows"]
    assert result["agrees"] and row["same_labels"] == row["count"] == 5
    assert row["largest_deviation"] <= 1e-5 and row["share_within_tolerance"] == 1
    assert row["accuracy"] == row["correct"] / 5


def test_tells_how_far_tensorflow_departs_from_itself_beside_hlo(exported, tmp_path):
    pytest.importorskip("jax")
    generator = keras.models.load_model(exported / "own.keras")
    classifier = igc_tf.InvertedGeneratorClassifier(generator, igc_tf.SearchSettings(steps=3))
    export_hlo(classifier, tmp_path / "hlo", batch_size=5)
    options = ExportParityOptions(
        tmp_path / "hlo",
        generator=str(exported / "own.keras"),
        images=5,
        sigma=(0.4,),
        output=tmp_path / "out",
    )
    result = export_parity(options, bundled_digits(), verbose=0)
    (row,) = result["rows"]
    assert row["required_share"] == row["tensorflow_xla"]["share_within_tolerance"] - 0.05 == 0.95
    # a wrong answer of TensorFlow's XLA would only ask for less: labels have to agree as well
    assert row["same_labels"] == 5 and row["largest_deviation"] <= 1e-4
    assert result["agrees"]
    # as if one label had differed
    path = tmp_path / "out" / "result.json"
    row["same_labels"] = 4
    path.write_text(json.dumps({**result, "complete": False, "agrees": None}))
    assert not export_parity(options, bundled_digits(), verbose=0)["agrees"]


def test_refuses_another_generator_and_a_directory_without_an_export(exported, tmp_path):
    with pytest.raises(ValueError, match="another generator"):
        export_parity(ExportParityOptions(exported / "model", output=tmp_path / "out"))
    with pytest.raises(ValueError, match="igc-tf export"):
        export_parity(ExportParityOptions(tmp_path, output=tmp_path / "out"))
    assert not (tmp_path / "out").exists()


def test_speed(exported, tmp_path):
    options = SavedModelSpeedOptions(exported / "model", images=(1, 3), rounds=3, output=tmp_path)
    result = saved_model_speed(options, verbose=0)
    assert json.loads((tmp_path / "result.json").read_text()) == result
    assert [row["images"] for row in result["rows"]] == [1, 3]
    for row in result["rows"]:
        assert len(row["seconds"]) == 3 and row["median_seconds"] == sorted(row["seconds"])[1]


def test_refuses_bad_options(tmp_path):
    with pytest.raises(ValueError, match="images=0"):
        ExportParityOptions(tmp_path, images=0)
    with pytest.raises(ValueError, match="rounds=0"):
        SavedModelSpeedOptions(tmp_path, rounds=0)
    with pytest.raises(ValueError, match="saved_model.pb"):
        saved_model_speed(SavedModelSpeedOptions(tmp_path))
