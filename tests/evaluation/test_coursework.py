"""The coursework's table, its sentences, and its generators as classifiers."""

import json
import shutil
import sys
from dataclasses import replace
from itertools import product

import keras
import numpy as np
import pytest

from evaluation.coursework import __main__ as program
from evaluation.coursework import variants as trainings
from evaluation.coursework.__main__ import CourseworkOptions, run_coursework
from evaluation.coursework.claims import CLAIMS, judge_claims
from evaluation.coursework.classification import (
    COMPARED,
    chosen_epochs,
    classify_variants,
    correlate,
    draw_correlations,
)
from evaluation.coursework.classifier_loss import WEIGHTS, compare_weights, weighted
from evaluation.coursework.scores import Judge, batch_effects, loss_figures
from evaluation.coursework.variants import PUBLISHED, VARIANTS, Trained, train_variant
from igc_tf.classifiers import InvertedGeneratorClassifier, evaluate_network, load_network
from igc_tf.data import add_gaussian_noise, bundled_digits
from igc_tf.generators import Generator, load_generator, save_generator
from igc_tf.generators.dcgan import DCGANSize, build_dcgan_generator
from igc_tf.metrics import FeatureStatistics, NetworkFeatures, frechet_distance, inception_score
from igc_tf.runs import Experiment
from igc_tf.search import SearchSettings
from igc_tf.training import RECIPES

BOUNDS = (-0.5, 0.5)
NAMES = ("vanilla-gan", "cgan-shallow")


def digits():
    return [bundled_digits().sample(200, seed=seed) for seed in (1, 2, 3)]


@pytest.fixture(scope="module")
def options(tmp_path_factory):
    """One epoch of one batch, as `--quick` does it with more."""
    return replace(
        CourseworkOptions(quick=True, output=tmp_path_factory.mktemp("coursework")).resolved,
        variants=NAMES,
        parts=("scores",),
        train_images=128,
        images=100,
        test_images=8,
        sigma=(0.0, 0.4),
        quick=False,
    )


@pytest.fixture(scope="module")
def result(options):
    return run_coursework(options, digits(), verbose=0)["scores"]


@pytest.fixture
def trained(options, result):
    """{name: what was trained}."""
    return {name: Trained(name, 0, options.trainings / f"{name}-seed-0") for name in NAMES}


def test_scores_are_those_of_the_last_generators_images(options, result, trained):
    assert json.loads((options.output / "scores" / "result.json").read_text()) == result
    assert [(row["variant"], row["seed"]) for row in result["rows"]] == [
        ("vanilla-gan", 0),
        ("cgan-shallow", 0),
        ("mnist", None),
    ]
    _, of_classes, mnist = result["rows"]
    test, lenet = digits()[2], load_network()
    labels = np.arange(100) % 10
    images = trained["cgan-shallow"].generator().sample(labels, seed=0)
    assert of_classes["correct"] == evaluate_network(lenet, images, labels).correct
    found = inception_score(lenet.predict(images, verbose=0), splits=2)
    assert of_classes["inception_score"] == pytest.approx(found.mean, rel=1e-4)
    features = NetworkFeatures(lenet, BOUNDS, "lenet", "features")
    real, made = (FeatureStatistics.of(features(x)) for x in (test.images, images))
    assert of_classes["frechet"] == pytest.approx(frechet_distance(real, made), rel=1e-4)
    # nobody asked the vanilla GAN for a class
    assert "accuracy" not in result["rows"][0] and result["rows"][0]["entropy"] >= 0
    assert of_classes["published"] == {"accuracy": 0.645, "score": 3.57, "time": "8:14"}
    assert mnist["accuracy"] > 0.95 and 5 < mnist["inception_score"] <= 10
    assert 0 < mnist["frechet"] < of_classes["frechet"]
    # one batch is not what the document trained
    assert (of_classes["batches"], of_classes["reproduced"]) == (1, False)
    assert of_classes["document_batches"] == 20_000 and of_classes["seconds"] > 0
    pictures = {path.name for path in (options.output / "scores").glob("*.png")}
    assert pictures == {f"{kind}-{name}.png" for kind in ("losses", "samples") for name in NAMES}


def test_what_is_done_is_not_done_again(options, result, tmp_path, monkeypatch):
    def refuse(*_, **__):
        raise AssertionError("done again")

    monkeypatch.setattr(trainings, "train_generator", refuse)
    assert run_coursework(options, digits(), verbose=0) == {"scores": result}
    # nor where the directory was moved, the trainings in it
    moved = replace(options, output=shutil.copytree(options.output, tmp_path / "moved"))
    with monkeypatch.context() as patch:
        patch.setattr(program, "score_variants", refuse)
        assert run_coursework(moved, digits(), verbose=0) == {"scores": result}
    # but what another judge scored is
    other = load_network("mnist-lenet-fair")
    with monkeypatch.context() as patch:
        patch.setattr("evaluation.coursework.scores.load_network", lambda name: other)
        patch.setattr(program, "score_variants", refuse)
        with pytest.raises(AssertionError, match="done again"):
            run_coursework(options, digits(), verbose=0)
    # with other options only the images are scored anew
    other = replace(options, output=options.output / "other", models=options.trainings, splits=1)
    again = run_coursework(other, digits(), verbose=0)["scores"]
    assert again["rows"][1]["correct"] == result["rows"][1]["correct"]
    assert again["rows"][1]["inception_score_deviation"] == 0


def test_what_is_done_of_a_training_is_not_taken_for_that_of_a_new_one(options, result, tmp_path):
    models = shutil.copytree(options.trainings, tmp_path / "models")
    options = replace(options, output=tmp_path)
    facts = {name: result[name] for name in ("data", "networks_sha256")}
    there, begun = result, []

    def scores(**changed):
        (tmp_path / "scores").mkdir(exist_ok=True)
        (tmp_path / "scores/result.json").write_text(json.dumps({**there, **changed}))
        return program._do("scores", lambda run: begun.append(run.rows) or {}, options, facts, 0)

    assert scores() == there and begun == []
    kept = models / "cgan-shallow-seed-0/generators/epoch-001"
    generator = load_generator(kept)
    assert there["rows"][1]["generator_sha256"] == generator.digest()
    generator.source.set_weights([weight + 1 for weight in generator.source.get_weights()])
    save_generator(generator, kept)
    # rows of no generator, such as MNIST's own, and of those that nobody named are as they were
    unknown = [{"variant": row["variant"], "seed": row["seed"]} for row in result["rows"]]
    assert scores(rows=unknown)["rows"] == unknown and begun == []
    scores()
    assert begun == [[]]
    found = rf"cgan-shallow-seed-0/generators/epoch-001.*{generator.digest()}"
    with pytest.raises(ValueError, match=found):
        scores(complete=False)
    # a new training that is not as long
    shutil.rmtree(kept)
    with pytest.raises(ValueError, match="epoch-001.*None"):
        scores(complete=False)
    # what is not there has not changed
    shutil.rmtree(models / "cgan-shallow-seed-0")
    assert scores() == there and len(begun) == 1


def test_a_training_of_another_recipe_is_refused(options, trained):
    recipe = options.limited(RECIPES["cgan-shallow"])
    longer = replace(recipe, stop_after=7)
    found = train_variant("cgan-shallow", longer, 0, options.trainings, digits()[:2], verbose=0)
    assert found == trained["cgan-shallow"]
    with pytest.raises(ValueError, match=r"another recipe.*dropout.*0\.3, 0\.9"):
        train_variant("cgan-shallow", replace(recipe, dropout=0.9), 0, options.trainings)


def test_generators_classify_with_settings_chosen_for_each(options, trained, tmp_path):
    _, choices, test = digits()
    run = Experiment("a test", replace(options, output=tmp_path), verbose=0)
    asked = replace(options, choice_images=2)
    test = test.sample(8, seed=0)
    one = {("cgan-shallow", 0): lambda: trained["cgan-shallow"]}
    rounds = (({"steps": 1},),)
    classify_variants(run, one, Judge("mnist-lenet", test, 2), choices, test, asked, rounds)
    (row,) = run.rows
    assert (row["variant"], row["epoch"], row["batches"]) == ("cgan-shallow", 1, 1)
    chosen = json.loads(next(tmp_path.glob("settings/*/result.json")).read_text())
    assert row["generator"] == "cgan-shallow-seed-0/generators/epoch-001"
    assert row["generator_sha256"] == trained["cgan-shallow"].generator(1).digest()
    assert row["settings"] == chosen["best_settings"] and len(chosen["tried"]) == 2
    settings = SearchSettings.from_dict(row["settings"])
    classifier = InvertedGeneratorClassifier(trained["cgan-shallow"].generator(), settings)
    noised = add_gaussian_noise(test.images, 0.4, 0, BOUNDS)
    found = classifier.evaluate(noised, test.labels, verbose=0)
    assert [of["sigma"] for of in row["classification"]] == [0.0, 0.4]
    assert row["classification"][1]["correct"] == found.correct
    draw_correlations(run)
    assert {path.stem for path in tmp_path.glob("*.png")} == {
        *("accuracy", "inception_score", "frechet", "kernel")
    }


def test_weights_are_judged_by_both_classifiers(options, trained, tmp_path, monkeypatch):
    run = Experiment("a test", replace(options, output=tmp_path), verbose=0)
    test = digits()[2]
    names = {"own": "mnist-lenet", "other": "mnist-lenet-fair"}
    judges = {key: Judge(name, test, 2) for key, name in names.items()}
    of = {(0.1, 1.0, 0): lambda: trained["cgan-shallow"]}
    # a row without its picture does not count
    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(run, "write_figure", _interrupted)
        compare_weights(run, of, judges, 100)
    assert run.rows == []
    compare_weights(run, of, judges, 100)
    (row,) = run.rows
    labels = np.arange(100) % 10
    generator = trained["cgan-shallow"].generator()
    assert row["generator_sha256"] == generator.digest()
    images = generator.sample(labels, seed=0)
    for key, name in names.items():
        assert row[key]["correct"] == evaluate_network(load_network(name), images, labels).correct
    assert (tmp_path / "samples-0.1-1.png").is_file()


def _interrupted(*_):
    raise KeyboardInterrupt


def test_weights_are_those_of_recipes():
    named = {weights: weighted(*weights) for weights in WEIGHTS}
    assert len({name for name, _ in named.values()}) == len(WEIGHTS)
    assert named[0.0, 1.0] == ("cgan-medium", RECIPES["cgan-medium"])
    assert named[1.0, 1.0][0] == "cgan-medium-classifier"
    name, recipe = named[1.0, 0.0]
    assert name == "cgan-medium-classifier-1-0"
    assert (recipe.classifier_weight, recipe.adversarial_weight) == (1.0, 0.0)


def test_loss_figures_are_of_the_second_half():
    # a line, and 0.5 up and down around it; the first half is anything
    second = 2.0 + 0.1 * np.arange(400) + 0.5 * (-1.0) ** np.arange(400)
    curve = {
        "batch": list(range(800)),
        "discriminator_loss": [9.0] * 400 + [1.5] * 400,
        "generator_loss": [-50.0] * 400 + second.tolist(),
    }
    found = loss_figures(curve)
    assert found["discriminator_loss"] == pytest.approx({"mean": 1.5, "oscillation": 0}, abs=1e-9)
    assert found["generator_loss"]["mean"] == pytest.approx(2 + 0.1 * 199.5)
    assert found["generator_loss"]["oscillation"] == pytest.approx(0.5, rel=1e-3)


def test_images_depend_on_the_others_of_a_batch_whose_statistics_they_share(tmp_path):
    size = DCGANSize(False, (16, 16), ())
    found = {}
    for name, reference in (("batch", None), ("virtual", np.eye(4, dtype=np.float32))):
        keras.utils.set_random_seed(0)
        model = build_dcgan_generator(size, 4, (4, 4, 1), 5, reference)
        # as the average of a training, which is what is kept
        model.trainable = False
        save_generator(Generator(model), tmp_path / name)
        generator = load_generator(tmp_path / name)
        before = generator.digest()
        for count in (24, 96):
            found[name, count] = batch_effects(generator, count, batches=30)
        assert generator.digest() == before
    assert found["virtual", 24]["dependence"] == pytest.approx(0, abs=1e-5)
    # statistics of more images vary less
    assert found["batch", 24]["dependence"] > 1.5 * found["batch", 96]["dependence"] > 0.002
    # normalised to the same mean, the batches differ less than chance would have it
    assert found["batch", 24]["likeness"] < found["virtual", 24]["likeness"] - 0.01


_EFFECTS = {size: {"likeness": 0.0, "dependence": 0.0} for size in ("128", "512")}


def _row(variant, seed=0, reproduced=True, **figures):
    losses = {"discriminator_loss": {"mean": 0.9}, "generator_loss": {"mean": 0.9}}
    return {"variant": variant, "seed": seed, "reproduced": reproduced, "losses": losses, **figures}


def test_sentences_are_decided_by_several_trainings():
    def verdicts(shallow, medium, **values):
        rows = [
            _row(name, seed, accuracy=accuracy, **values)
            for name, accuracies in (("cgan-shallow", shallow), ("cgan-medium", medium))
            for seed, accuracy in enumerate(accuracies)
        ]
        for row in rows:
            row["losses"]["generator_loss"]["oscillation"] = row["accuracy"]
        judged = {of["sentence"]: of for of in judge_claims(rows)}
        return judged["3 blocks are more accurate than 1"]

    assert verdicts([0.5, 0.52], [0.7, 0.72])["verdict"] == "holds"
    assert verdicts([0.7, 0.72], [0.5, 0.52])["verdict"] == "does not hold"
    assert verdicts([0.5, 0.7], [0.6, 0.8])["verdict"] == "not decided"
    assert verdicts([0.5], [0.9])["verdict"] == "not decided"
    found = verdicts([0.5, 0.52], [0.7, 0.72], reproduced=False)
    assert found["verdict"] == "not decided" and found["evidence"].endswith("trained shorter")
    assert verdicts([0.5, 0.52], [0.7, 0.72])["evidence"] == "0.71 ± 0.014 and 0.51 ± 0.014"


def test_a_collapse_is_told_by_the_entropy():
    def verdict(*entropies):
        (found,) = judge_claims([_row("vanilla-gan", entropy=entropy) for entropy in entropies])
        return found["verdict"]

    assert verdict(0.3, 0.4) == verdict(0.0, 0.0) == "holds"
    assert verdict(2.2, 2.3) == "does not hold"
    # as of two variants, trainings that differ so much decide nothing, nor does a single one
    assert verdict(0.1, 1.3) == verdict(0.3) == verdict(2.2) == "not decided"


def test_dropout_changes_little_and_label_smoothing_is_ahead_of_the_rest():
    def verdicts(**accuracies):
        rows = [
            _row(f"cgan-medium{name}", seed, accuracy=mean + spread)
            for name, mean in accuracies.items()
            for seed, spread in enumerate((-0.001, 0, 0.001))
        ]
        for row in rows:
            row |= {"inception_score": 9.0, "batch_effects": _EFFECTS}
        judged = {of["sentence"]: of["verdict"] for of in judge_claims(rows)}
        biggest, dropout = (
            [verdict for sentence, verdict in judged.items() if text in sentence]
            for text in ("biggest improvement", "does not affect")
        )
        return biggest, dropout

    means = {"": 0.71, "-ls": 0.75, "-vbn": 0.73, "-dropout-0.1": 0.73, "-dropout-0.5": 0.70}
    assert verdicts(**means) == (["holds"] * 3, ["holds"] * 2)
    others = {"-vbn": 0.76, "-dropout-0.1": 0.77, "-dropout-0.5": 0.60}
    found = verdicts(**{**means, **others})
    assert found == (["does not hold"] * 2 + ["holds"], ["does not hold"] * 2)


def test_all_sentences_hold_where_the_figures_are_as_they_say():
    accuracies = {"shallow": 0.5, "medium": 0.7, "deep": 0.8, "convolutional": 0.6}
    of_medium = {"ls": 0.9, "ls-both": 0.85, "vbn": 0.75, "dropout-0.1": 0.71, "dropout-0.5": 0.69}
    accuracies |= {f"medium-{name}": accuracy for name, accuracy in of_medium.items()}
    oscillations = {"cgan-shallow": 3, "cgan-convolutional": 2}
    oscillations |= {"dcgan-deep": 2, "dcgan-medium-dropout-0.1": 2}
    dcgans = [f"dcgan-{name}" for name in ("shallow", "medium", "deep", "medium-vbn")]
    dcgans += [f"dcgan-medium-{name}" for name in ("dropout-0.1", "dropout-0.5", "rate-0.002")]
    names = ["vanilla-gan", *dcgans, *(f"cgan-{name}" for name in accuracies)]
    rows = []
    for name, spread in product(names, (0.0, 0.001)):
        # a vanilla GAN of one class, DCGANs of nearly ten
        row = _row(name, entropy=(0.0 if name == "vanilla-gan" else 2.2) + spread)
        row["accuracy"] = accuracies.get(name.removeprefix("cgan-"), 0) + spread
        row["inception_score"] = (4 if name.endswith(("-ls", "-vbn")) else 3) + spread
        effect = (0.0 if name.endswith("-vbn") else 0.1) + spread
        row["batch_effects"] = {
            size: {"likeness": effect, "dependence": effect} for size in ("128", "512")
        }
        row["losses"] = {
            "discriminator_loss": {"mean": 1.8 + spread},
            "generator_loss": {
                "mean": (0.5 if name == "dcgan-medium-dropout-0.5" else 0.9) + spread,
                "oscillation": oscillations.get(name, 1) + spread,
            },
        }
        rows.append(row)
    judged = judge_claims(rows)
    assert len(judged) == len(CLAIMS)
    assert [of["sentence"] for of in judged if of["verdict"] != "holds"] == []


BETWEEN, ALONG = COMPARED


def _generator_row(variant, batches, accuracy, distance):
    images = {"accuracy": accuracy, "inception_score": -accuracy, "kernel": 1.0}
    return {
        "variant": variant,
        "seed": 0,
        "batches": batches,
        "images": {**images, "frechet": distance},
        "classification": [{"sigma": 0.0, "accuracy": accuracy}, {"sigma": 0.4, "accuracy": 0.5}],
    }


def test_correlations_are_over_all_generators_and_know_what_is_better():
    rows = [_generator_row("abc"[i % 3], i // 3, i / 10, 100 - i) for i in range(9)]
    found = {(of["compared"], of["measure"], of["sigma"]): of for of in correlate(rows)}
    assert len(found) == 16
    for compared in COMPARED:
        first = found[compared, "LeNet's accuracy on its images", 0.0]
        assert first["correlation"] == pytest.approx(1)
        assert first["correlation_interval"] == pytest.approx([1, 1])
        assert (first["generators"], first["trainings"]) == (9, 3)
        assert found[compared, "inception score", 0.0]["correlation"] == pytest.approx(-1)
        assert found[compared, "Fréchet distance, negative", 0.0]["correlation"] == pytest.approx(1)
        # of a constant there is none
        assert found[compared, "inception score", 0.4]["correlation"] is None
    assert correlate(rows[:1]) == []


def test_what_only_improves_with_time_is_no_correlation_between_trainings():
    noise = np.random.default_rng(0).normal(scale=0.1, size=[12, 5, 2])
    rows = [
        _generator_row(f"variant {name}", batches, *([1, -1] * (batches + of)))
        for name, training in enumerate(noise)
        for batches, of in enumerate(training)
    ]
    found = {
        of["compared"]: of
        for of in correlate(rows)
        if (of["measure"], of["sigma"]) == ("Fréchet distance, negative", 0.0)
    }
    assert found[ALONG]["correlation"] == pytest.approx(1)
    low, high = found[BETWEEN]["correlation_interval"]
    assert low < 0 < high and abs(found[BETWEEN]["correlation"]) < 0.2


def test_the_program_prints_what_was_found(monkeypatch, capsys, tmp_path):
    scores = {"inception_score": 3.5, "accuracy": 0.7, "frechet": 12.0}
    published = PUBLISHED["cgan-shallow"]._asdict()
    length = {"batches": 429, "reproduced": False}
    rows = [
        {"variant": "cgan-shallow", "published": published, **length, **scores},
        {"variant": "cgan-shallow", "published": published, **length, **scores, "accuracy": 0.6},
        {"variant": "vanilla-gan", "published": None, **length, "inception_score": 1.0},
    ]
    verdicts = [{"sentence": "a sentence", "verdict": "holds", "evidence": "figures"}]
    correlation = {"measure": "inception score", "compared": BETWEEN, "sigma": 0.2}
    correlation |= {"correlation": -0.5}
    results = {
        "scores": {"rows": rows, "verdicts": verdicts},
        "classifier-loss": {"rows": [{"alpha": 0.1, "beta": 1.0, "own": scores, "other": scores}]},
        "classification": {"correlations": [{**correlation, "correlation_interval": [-0.7, None]}]},
    }
    asked = []
    monkeypatch.setattr(program, "run_coursework", lambda options: asked.append(options) or results)
    monkeypatch.setattr(sys, "argv", ["coursework", "--output", str(tmp_path), "--seeds", "2"])
    program.main()
    printed = capsys.readouterr().out
    assert asked == [CourseworkOptions(output=tmp_path, seeds=2)]
    shallow = next(line for line in printed.splitlines() if line.startswith("cgan-shallow"))
    assert "0.650 (0.645)" in shallow and shallow.endswith("429, not reproduced")
    assert "vanilla-gan" in printed and "a sentence: holds (figures)" in printed
    line = next(line for line in printed.splitlines() if line.endswith("-0.50 (-0.70 to -)"))
    assert line.split("  ")[1] == f"inception score, {BETWEEN}" and "sigma 0.2:" in line


def test_epochs_are_the_last_and_others_evenly_before(trained, tmp_path):
    for epoch in (5, 10, 15, 47):
        (tmp_path / f"generators/epoch-{epoch:03d}").mkdir(parents=True)
    some = Trained("cgan-shallow", 0, tmp_path)
    assert [chosen_epochs(some, count) for count in (1, 2, 3, 9)] == [
        *([47], [5, 47], [5, 15, 47], [5, 10, 15, 47])
    ]


def test_options_say_how_long_and_how_often():
    options = CourseworkOptions(epochs=3, convolutional_epochs=2)
    dense, convolutional = RECIPES["cgan-deep"], RECIPES["dcgan-medium"]
    assert options.limited(dense) == replace(dense, stop_after=3)
    assert options.limited(convolutional).stop_after == 2
    assert CourseworkOptions().limited(dense) == dense
    assert [len(options.seeds_of(RECIPES[name])) for name in ("cgan-deep", *NAMES)] == [3, 1, 3]
    assert len(options.seeds_of(convolutional)) == 1
    # as often as is asked for, so that every sentence can be decided
    often = CourseworkOptions(seeds=2)
    assert {len(often.seeds_of(RECIPES[name])) for name in VARIANTS} == {2}
    quick = CourseworkOptions(quick=True).resolved
    assert quick.variants == VARIANTS and quick.limited(dense).train_images == 256
    assert set(PUBLISHED) < set(VARIANTS)


def test_quick_leaves_what_is_asked_for():
    given = CourseworkOptions(quick=True, seeds=2, images=150)
    assert given.resolved == replace(CourseworkOptions(quick=True).resolved, seeds=2, images=150)
    assert given.resolved.resolved == given.resolved and given.resolved.epochs == 1
    slow = replace(given, quick=False)
    assert slow.resolved == slow


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"variants": ("cgan-huge",)}, "cgan-huge.*expected one or more of vanilla-gan"),
        ({"variants": ()}, "expected one or more"),
        ({"variants": ("vanilla-gan",)}, "vanilla-gan.*expected one with classes"),
        ({"images": 50}, "images=50"),
        ({"inception_weights": "nowhere.h5"}, "nowhere.h5.*existing file"),
    ],
)
def test_refuses_options_outside_their_ranges(values, message):
    with pytest.raises(ValueError, match=message):
        CourseworkOptions(**values)
