"""The experiments on generators whose classes are mean digits."""

import json
from dataclasses import replace

import numpy as np
import pytest

from evaluation.inverse_classification.__main__ import (
    PLAN,
    InverseClassificationOptions,
    Plan,
    compare_searches,
)
from evaluation.inverse_classification.findings import judge_statements
from evaluation.inverse_classification.searches import InverseSearch
from evaluation.inverse_classification.tables import inverse_tables
from igc_tf.data import bundled_digits
from igc_tf.errors import InputError
from igc_tf.generators.generator import Generator
from igc_tf.generators.store import save_generator
from tests.fixtures.followed_progress import follow_progress
from tests.fixtures.mean_digits import mean_digit_generator, wide_digit_generator

# few and short searches
SHORT = Plan(
    base=InverseSearch(steps=4),
    update_factors=(0.0, 0.5, 1.0, 2.0),
    first_steps=(0, 10),
    ways={
        name: (replace(way, steps=4), (way.learning_rate, 0.1)[: 2 if "10 × 200" in name else 1])
        for name, (way, _) in PLAN.ways.items()
    },
)


@pytest.fixture
def options(tmp_path):
    """A program of few and short searches."""
    for size in (10, 25):
        folder = tmp_path / "generators" / f"noise-{size}"
        save_generator(Generator.of(mean_digit_generator(spread=0.01 * size)), folder)
    return InverseClassificationOptions(
        latent_sizes=(10, 25),
        images=12,
        validation_images=6,
        repeats=2,
        generators=tmp_path / "generators",
        output=tmp_path / "out",
    )


def compared(options):
    data, validation = (
        replace(bundled_digits().sample(60, seed), split=split)
        for seed, split in enumerate(("test", "validation"))
    )
    return compare_searches(options, data, validation, SHORT, verbose=0)


def test_every_search_is_counted_and_the_document_is_answered(options, monkeypatch):
    result = compared(options)
    assert json.loads((options.output / "result.json").read_text()) == result
    assert result["complete"]
    rows = {row["name"]: row for row in result["rows"] if row["split"] == "test"}
    assert [len(names) for names in result["experiments"].values()] == [2, 4, 2]
    digits = bundled_digits().sample(60, seed=0).sample(12, seed=0)
    for name, row in rows.items():
        answers = np.load(options.output / "answers" / f"{name}.npy")
        assert answers.shape == (1 if row["method"] == "enumerated" else 2, 12)
        accuracies = (answers == digits.labels).mean(axis=1)
        np.testing.assert_allclose(row["accuracies"], accuracies)
        np.testing.assert_allclose(row["accuracy"], accuracies.mean())
        if row["method"] == "relaxed":
            np.testing.assert_allclose(row["deviation"], accuracies.std(ddof=1))
            assert 0 <= row["entropy"] <= np.log(10) + 1e-6
        # of 12 images, however often each is searched
        for end in row["interval"]:
            # the proportions from which the accuracy lies as far as it may by chance
            away = abs(row["accuracy"] - end)
            assert away == pytest.approx(1.95996 * np.sqrt(end * (1 - end) / 12), abs=1e-5)
        assert row["count"] == 12
    assert len({row["name"] for row in rows.values() if row["latent_update_factor"] == 0.0}) == 1
    tried = [row for row in result["rows"] if row["split"] == "validation"]
    for way in result["comparison"].values():
        chosen = next(row for row in tried if row["name"] == way["chosen"])
        rivals = [row["accuracy"] for row in tried if _same_way(row, chosen)]
        assert chosen["accuracy"] == max(rivals)
        assert way["chosen"] in rows and way["given"] in rows
    enumerated = [row for row in tried if row["method"] == "enumerated"]
    best = max(enumerated, key=lambda row: row["accuracy"])
    assert {key: result["best_settings"][key] for key in ("steps", "learning_rate")} == {
        key: best[key] for key in ("steps", "learning_rate")
    }
    assert result["comparison"]["enumerated, 10 × 200"]["evaluations"] == 40
    assert result["comparison"]["relaxed, 1 × 200"]["evaluations"] == 4
    assert len(result["verdicts"]) == 10
    text = inverse_tables(result)
    assert text.count("\n") > 20 and "document: 71 %" in text
    for name in ("experiments.png", "reconstructions.png"):
        assert (options.output / name).stat().st_size > 5000

    # as if interrupted before the last three searches: only these are made again
    partial = {**result, "complete": False, "rows": result["rows"][:-3]}
    (options.output / "result.json").write_text(json.dumps(partial))
    made = []
    search = InverseSearch.answers

    def counted(self, *arguments):
        made.append(self)
        return search(self, *arguments)

    monkeypatch.setattr(InverseSearch, "answers", counted)
    bars = follow_progress(monkeypatch)
    again = compared(options)
    rest = result["rows"][-3:]
    assert [one.name for one in made] == [row["name"] for row in rest]
    assert again["verdicts"] == result["verdicts"]
    # only what is done now counts, and nothing else is left
    (bar,) = bars
    assert (
        bar.n
        == bar.total
        == sum(
            one.evaluations(10) * row["count"] * len(row["accuracies"])
            for one, row in zip(made, rest, strict=True)
        )
    )


def test_one_generator_of_each_size_decides_nothing_of_sizes():
    base = PLAN.base
    sizes = {25: base, 50: replace(base, latent_size=50)}
    ways = {name: way.name for name, (way, _) in PLAN.ways.items()}
    random = np.random.default_rng(0)

    def right(name):
        return random.random([2, 100]) < (0.9 if name == base.name else 0.2)

    of_sizes, of_the_latent, *_ = judge_statements(right, base, sizes, ways)
    assert "latent size 25" in of_sizes["sentence"] and of_sizes["evidence"].startswith("+")
    assert of_sizes["verdict"] == "not decided" and of_the_latent["verdict"] == "holds"


def test_statements_hold_where_the_figures_are_as_they_say():
    base, ways = PLAN.base, {name: way.name for name, (way, _) in PLAN.ways.items()}
    sizes = {size: replace(base, latent_size=size) for size in (10, 25, 50)}
    accuracies = {
        **{sizes[size].name: share for size, share in ((10, 0.3), (25, 0.6), (50, 0.4))},
        **{replace(base, latent_update_factor=factor).name: 0.3 for factor in (0.0, 2.0)},
        replace(base, latent_update_factor=0.5).name: 0.8,
        replace(base, latent_first_step=10).name: 0.8,
        ways["relaxed by momentum, 1 × 200"]: 0.3,
        ways["relaxed along the simplex, 1 × 200"]: 0.8,
        ways["enumerated, 10 × 20"]: 0.8,
        ways["enumerated, 10 × 200"]: 0.9,
        ways["relaxed, 1 × 2000"]: 0.7,
    }
    for turned, verdict in ((False, "holds"), (True, "does not hold")):

        def right(name, turned=turned):
            return np.tile((np.arange(100) < 100 * accuracies[name]) ^ turned, [2, 1])

        of_sizes, *others = judge_statements(right, base, sizes, ways)
        assert [of["verdict"] for of in others] == [verdict] * 9
        assert f"the next best is {10 if turned else 50})" in of_sizes["sentence"]


def test_further_searches_of_the_same_images_decide_nothing():
    sizes = {25: PLAN.base, 50: replace(PLAN.base, latent_size=50)}
    ways = {name: way.name for name, (way, _) in PLAN.ways.items()}

    def verdicts(repetitions):
        def right(name):
            # two more of 20 images are right
            return np.tile(np.arange(20) < (14 if name == PLAN.base.name else 12), [repetitions, 1])

        return judge_statements(right, PLAN.base, sizes, ways)

    assert verdicts(50) == verdicts(1)
    assert {found["verdict"] for found in verdicts(1)} == {"not decided"}


def _same_way(row, other):
    return all(row[key] == other[key] for key in ("method", "steps", "optimizer", "tangent"))


def test_enumerated_search_is_the_inverted_generator_with_the_same_settings():
    search = InverseSearch(method="enumerated", steps=5, learning_rate=0.1)
    digits = bundled_digits().sample(4, seed=0)
    generator = mean_digit_generator(spread=0.1)
    answers, entropy, difference = search.answers(generator, digits.images, 5, 0, 100)
    found = search.classifier(generator).classify(digits.images)
    np.testing.assert_array_equal(answers, [found.predictions])
    assert entropy is None and search.evaluations(10) == 50
    np.testing.assert_allclose(difference, found.differences.min(axis=1).mean(), rtol=1e-5)


def test_images_lie_in_the_generators_bounds(options, monkeypatch):
    loaded = []

    def load(name, split, data_dir=None, bounds=(-0.5, 0.5)):
        loaded.append((split, bounds))
        return bundled_digits(bounds).sample(60, seed=0)

    monkeypatch.setattr("evaluation.inverse_classification.__main__.load_images", load)
    monkeypatch.setattr("evaluation.inverse_classification.__main__._whole_cost", _interrupted)
    save_generator(wide_digit_generator(), options.generators / "noise-25")
    # those of two bounds cannot be compared on the same images
    with pytest.raises(InputError, match="expected .* those of the generator"):
        compare_searches(options, plan=SHORT, verbose=0)
    save_generator(wide_digit_generator(), options.generators / "noise-10")
    with pytest.raises(KeyboardInterrupt):
        compare_searches(options, plan=SHORT, verbose=0)
    assert loaded == [("test", (-1.0, 1.0)), ("validation/choices", (-1.0, 1.0))] * 2


def _interrupted(*_):
    raise KeyboardInterrupt


def test_missing_generator_is_told_with_the_command_that_makes_it(options):
    (options.generators / "noise-10" / "card.json").unlink()
    with pytest.raises(ValueError, match=r"noise-10.*train cgan-compact.*--latent-size 10"):
        compared(options)
    with pytest.raises(ValueError, match=r"no mnist-cgan-compact-7 ships.*compact-25"):
        compared(replace(options, generators=None, latent_sizes=(25, 7)))
    assert not options.output.exists()


def test_options_refuse_values_outside_their_ranges():
    with pytest.raises(ValueError, match="validation_images=0"):
        InverseClassificationOptions(validation_images=0)
    with pytest.raises(ValueError, match=r"--latent-sizes \(10, 50\).*25 among"):
        InverseClassificationOptions(latent_sizes=(10, 50))
