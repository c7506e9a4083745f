"""How often dropping classes changes the answer, where that can be counted by hand."""

import json
from dataclasses import replace

import numpy as np
import pytest

from evaluation.elimination.__main__ import EliminationOptions, _chosen, bound_elimination
from evaluation.statistics import binomial_upper_bound
from igc_tf.classifiers import InvertedGeneratorClassifier
from igc_tf.data import bundled_digits
from igc_tf.generators import Generator, save_generator
from igc_tf.search import SearchSettings
from tests.fixtures.encoded_digits import encoded_digit_generator, save_encoded_digits
from tests.fixtures.mean_digits import mean_digit_generator

COUNT = 30


@pytest.fixture
def options(tmp_path):
    # the difference that descends leaves the right class out more often than the one that decides
    settings = SearchSettings(steps=2, learning_rate=0.02, start="encoder", decision="deformation")
    save_encoded_digits(tmp_path / "own", best=settings)
    return EliminationOptions(
        generator=str(tmp_path / "own"),
        kept=(1, 9),
        sigma=(0.0, 0.4),
        images=COUNT,
        level=0.2,
        output=tmp_path / "out",
    )


def test_other_answers_are_counted_bounded_and_chosen_by(options, monkeypatch):
    result = bound_elimination(options, bundled_digits(), verbose=0)
    assert json.loads((options.output / "result.json").read_text()) == result
    assert result["search"]["plan"] is None and result["search"]["decision"] == "deformation"
    digits = bundled_digits().sample(COUNT, seed=0)
    generator, _, _ = encoded_digit_generator()
    settings = SearchSettings(steps=2, learning_rate=0.02, start="encoder", decision="deformation")

    def answers(plan):
        classifier = InvertedGeneratorClassifier(generator, replace(settings, plan=plan))
        return classifier.classify(digits.images).predictions

    everything = answers(None)
    first = result["rows"][0]
    assert first["all"]["correct"] == (everything == digits.labels).sum()
    assert [row["sigma"] for row in result["rows"]] == [0.0, 0.4]
    for row, kept in zip(first["kept"], (9, 1), strict=True):
        found = answers(((0, kept), (2, None)))
        assert row["kept"] == kept
        assert row["disagreements"] == (found != everything).sum()
        assert row["correct"] == (found == digits.labels).sum() and row["count"] == COUNT
        assert row["share"] == row["disagreements"] / COUNT
        assert row["upper_bound"] == binomial_upper_bound(row["disagreements"], COUNT)
    # one class is what the encoder's pass alone answers, by another difference
    assert first["kept"][-1]["disagreements"] > 0
    # the least whose bounds all lie below the level, with all larger ones
    bounds = np.array([[part["upper_bound"] for part in row["kept"]] for row in result["rows"]])
    passes = np.cumprod((bounds < options.level).all(axis=0))
    assert passes.tolist() == [1, 0] and result["chosen"] == 9

    # as if interrupted after the first sigma
    unfinished = {**result, "rows": result["rows"][:1], "complete": False}
    (options.output / "result.json").write_text(json.dumps(unfinished))
    evaluated = []
    evaluate = InvertedGeneratorClassifier.evaluate

    def counted(self, *arguments, **values):
        evaluated.append(self.settings.plan)
        return evaluate(self, *arguments, **values)

    monkeypatch.setattr(InvertedGeneratorClassifier, "evaluate", counted)
    again = bound_elimination(options, bundled_digits(), verbose=0)
    assert again["rows"] == result["rows"] and again["chosen"] == result["chosen"]
    assert evaluated == [None, ((0, 9), (2, None)), ((0, 1), (2, None))]


def test_a_number_behind_one_that_failed_is_not_chosen():
    def rows(*bounds):
        return [{"kept": [{"upper_bound": bound} for bound in of]} for of in bounds]

    # down to one class: none of fewer is left untried
    assert EliminationOptions().kept[-1] == 1
    options = EliminationOptions(kept=(2, 3, 5), level=0.1)
    assert options.kept == (5, 3, 2)
    assert _chosen(rows([0.01, 0.02, 0.03], [0.09, 0.02, 0.2]), options) == 3
    assert _chosen(rows([0.01, 0.02, 0.03], [0.09, 0.1, 0.01]), options) == 5
    assert _chosen(rows([0.2, 0.01, 0.01]), options) is None


def test_refuses_what_has_no_encoder_and_settings_that_do_not_use_it(options, tmp_path):
    digits = bundled_digits()
    save_generator(Generator(mean_digit_generator()), tmp_path / "plain")
    with pytest.raises(ValueError, match="no encoder"):
        bound_elimination(replace(options, generator=str(tmp_path / "plain")), digits, verbose=0)
    with pytest.raises(ValueError, match="'mean': expected settings that start"):
        bound_elimination(replace(options, settings="paper"), digits, verbose=0)
    with pytest.raises(ValueError, match="less than the 10 classes"):
        bound_elimination(replace(options, kept=(10, 3)), digits, verbose=0)
    with pytest.raises(ValueError, match="level=1"):
        EliminationOptions(level=1)
    assert not options.output.exists()
