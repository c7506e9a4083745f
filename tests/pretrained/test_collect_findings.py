"""What comes from result files onto a generator's card, and what is refused."""

import json

import numpy as np
import pytest

from igc_tf.pretrained import collect_findings, weights_digest
from tests.fixtures.linear_generator import linear_generator

TABLE = {
    "program": "python -m evaluation.noise_table",
    "options": {"images": 5},
    "search": {"steps": 3},
    "data": {"count": 5},
    "environment": {"date": "today"},
    "complete": True,
    "rows": [{"sigma": 0.0}],
}
CHOICE = {
    "program": "python -m evaluation.search_settings",
    "complete": True,
    "best_settings": {"steps": 7},
}


@pytest.fixture
def run(tmp_path):
    """A finished training run, and the digests of its generator as trained and as shipped."""
    model, _, _ = linear_generator()
    folder = tmp_path / "run"
    folder.mkdir()
    model.save(folder / "generator.keras")
    (folder / "result.json").write_text("{}")
    trained = weights_digest(model)
    model.set_weights([weight.astype(np.float16) for weight in model.get_weights()])
    return folder, trained, weights_digest(model)


def result(folder, content, digest):
    folder.mkdir()
    (folder / "result.json").write_text(json.dumps({**content, "generator_sha256": digest}))
    return folder


def test_figures_of_the_generator_as_trained_or_as_shipped(run, tmp_path):
    folder, trained, shipped = run
    assert trained != shipped
    assert collect_findings(folder) == (None, [])
    table = result(tmp_path / "table", TABLE, shipped)
    choice = result(tmp_path / "choice", CHOICE, trained)
    best, metrics = collect_findings(folder, choice, (table,))
    assert best == {"steps": 7}
    kept = ("program", "options", "search", "data", "rows")
    assert metrics == [{key: TABLE[key] for key in kept}]


def test_of_inverse_classification_the_generators_own_test_rows(run, tmp_path):
    folder, trained, _ = run
    rows = [
        {"split": split, "latent_size": size} for split in ("test", "validation") for size in (4, 5)
    ]
    content = {
        **TABLE,
        "program": "python -m evaluation.inverse_classification",
        "rows": rows,
        "best_settings": {"steps": 20},
    }
    directory = result(tmp_path / "inverse", content, {"4": trained, "5": "another"})
    best, (metrics,) = collect_findings(folder, directory, inverse_classification=directory)
    assert best == {"steps": 20}
    assert metrics["rows"] == [{"split": "test", "latent_size": 4}]


def test_refuses_what_is_unfinished_or_about_something_else(run, tmp_path):
    folder, trained, _ = run
    with pytest.raises(ValueError, match="nowhere holds no finished training"):
        collect_findings(tmp_path / "nowhere")
    assert not (tmp_path / "nowhere").exists()
    with pytest.raises(ValueError, match="nowhere holds no finished result"):
        collect_findings(folder, tmp_path / "nowhere")
    unfinished = result(tmp_path / "unfinished", {**TABLE, "complete": False}, trained)
    with pytest.raises(ValueError, match="unfinished holds no finished result"):
        collect_findings(folder, noise_tables=(unfinished,))
    other = result(tmp_path / "other", TABLE, "0123")
    with pytest.raises(ValueError, match=f"another generator, of hash 0123: expected.*{trained}"):
        collect_findings(folder, noise_tables=(other,))
    table = result(tmp_path / "table", TABLE, trained)
    with pytest.raises(ValueError, match=r"evaluation\.noise_table: expected.*search_settings"):
        collect_findings(folder, table)
