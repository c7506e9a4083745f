"""The lesson's experiments on what can be worked out, and as a whole in their quick setting."""

import json
from dataclasses import replace

import keras
import numpy as np
import pytest
import tensorflow as tf

from evaluation.lesson.__main__ import (
    _NAME,
    QUICK,
    LessonOptions,
    _caption,
    _gradients_figure,
    _own_generator,
    loss_figure,
    try_lesson,
)
from evaluation.lesson.arithmetic import EQUATIONS, Equation, Kind, Samples, try_equation
from evaluation.lesson.small_gan import NOISES, Noise, Training, made_by
from evaluation.lesson.statements import judge_statements, lesson_tables
from evaluation.lesson.trainings import Judge, judged_training, latent_variants, loss_variants
from igc_tf.classifiers import load_network, network_card
from igc_tf.data import bundled_digits
from igc_tf.errors import InputError
from igc_tf.generators import Generator, load_generator, save_generator
from igc_tf.metrics import slant, stroke_width
from igc_tf.plots import plot_class_samples
from igc_tf.runs import Experiment
from tests.fixtures.followed_progress import follow_progress
from tests.fixtures.linear_generator import BOUND, linear_generator
from tests.plots.drawn import pictures

FEW = Training(batches=6, units=16, batch_size=16, latent_size=4)


@pytest.mark.parametrize("form", sorted(NOISES))
def test_noises_are_decided_by_their_seed_and_standardised(form):
    noise = Noise(form=form)
    drawn = noise.sample([4000, 5], [1, 2]).numpy()
    assert drawn.shape == (4000, 5) and np.isfinite(drawn).all()
    np.testing.assert_array_equal(drawn, noise.sample([4000, 5], [1, 2]))
    is_still = form == "constant"
    assert np.array_equal(drawn, noise.sample([4000, 5], [1, 3])) == is_still
    distinct = len(np.unique(drawn, axis=0))
    assert {"constant": distinct == 1, "few": distinct == 64, "coins": distinct == 32}.get(
        form, distinct > 2000
    )
    if form == "cauchy":
        # half of it lies between -1 and 1, and it has no standard deviation
        assert (np.abs(drawn) < 1).mean() == pytest.approx(0.5, abs=0.01)
    elif form not in ("constant", "few"):
        assert drawn.mean() == pytest.approx(0, abs=0.03)
        assert drawn.std() == pytest.approx(1, abs=0.03)


def test_fibonacci_numbers_follow_each_other():
    drawn = Noise(form="fibonacci").sample([30], [0, 7]).numpy().astype(float)
    # standardised numbers are a · n + b: differences of them have the ratio of those of n
    table = [0, 1]
    while len(table) < 15_000:
        table.append((table[-1] + table[-2]) % 10_000)
    table = np.array(table, float)
    standard = (table - table.mean()) / table.std()
    place = np.abs(standard - drawn[0]).argsort()[:5]
    runs = [np.take(standard, range(at, at + 30), mode="wrap") for at in place]
    assert min(np.abs(run - drawn).max() for run in runs) < 1e-3


def test_in_its_head_start_the_discriminator_learns_alone():
    images = bundled_digits().images[:200]
    training = replace(FEW, head_start=20, batches=4)
    weights = training.build((28, 28, 1)).generator.trainable_variables[0].numpy()
    looks, kept = [], []

    def look(gan, batches):
        kernel = gan.generator.trainable_variables[0].numpy()
        noise = gan.generator.predict([np.ones([50, 1]), np.ones([50, 4])], verbose=0)
        logits = [
            float(tf.reduce_mean(gan.discriminator([tf.constant(part), tf.ones([50, 1])])))
            for part in (images[:50], noise)
        ]
        looks.append((batches, kernel, logits[0] - logits[1]))
        kept.append([np.abs(variable).max() for variable in gan.generator_optimizer.variables])

    gan, seen = training.run(images, 2, look)
    assert [batches for batches, _, _ in looks] == [0, 2, 4] and len(seen) == 3
    np.testing.assert_array_equal(looks[0][1], weights)
    assert looks[0][2] > 1
    # nor has the generator's optimizer learnt: it knows its learning rate, and nothing else
    assert FEW.optimizer == "adam" and np.count_nonzero(kept[0]) == 1 < np.count_nonzero(kept[1])
    assert np.abs(looks[2][1] - weights).max() > 1e-3
    assert made_by(gan, 7, seed=0).shape == (7, 28, 28, 1)


def test_a_gan_that_is_fed_a_constant_makes_one_image():
    gan, _ = replace(FEW, noise="constant").run(bundled_digits().images[:100])
    made = made_by(gan, 5, seed=0)
    np.testing.assert_allclose(made, made[:1].repeat(5, axis=0), atol=1e-5)
    assert np.ptp(made_by(gan, 5, seed=0, noise="normal"), axis=0).max() > 1e-3


@pytest.fixture
def judge_of_pixels():
    """Its features are ten pixels, its classes two: which of the first two rows is brighter."""
    digits = bundled_digits().sample(300, seed=0)

    def identity(images):
        return images.reshape(len(images), -1)[:, 300:310].astype(np.float64)

    inputs = keras.Input([28, 28, 1])
    first = keras.layers.Rescaling(100.0)(inputs[:, :2, 0, 0])
    return Judge(digits.images, keras.Model(inputs, first), identity, 10)


def test_a_judge_counts_classes_and_compares_spreads(judge_of_pixels):
    judge = judge_of_pixels
    found = judge(bundled_digits().sample(300, seed=0).images)
    assert found["fid"] == pytest.approx(0, abs=1e-6) and found["diversity"] == pytest.approx(1)
    # the first or the second pixel is brighter: half of each, and then three quarters
    images = np.full([40, 28, 28, 1], -0.5, np.float32)
    images[:20, 0], images[20:, 1] = 0.5, 0.5
    assert judge(images)["classes"] == pytest.approx(2)
    images[20:30, 0] = 1.0
    entropy = -(0.75 * np.log(0.75) + 0.25 * np.log(0.25))
    assert judge(images)["classes"] == pytest.approx(np.exp(entropy))


def test_a_training_is_followed_and_judged(judge_of_pixels):
    images = bundled_digits().images[:100]
    row, made = judged_training(replace(FEW, noise="constant"), images, judge_of_pixels)
    assert made.shape == (10, 28, 28, 1) and row["seed"] == 0 and row["batch_size"] == 16
    assert [seen["batches"] for seen in row["history"]] == list(range(11))
    assert all(seen["gradients"] >= 0 for seen in row["history"])
    assert row["diversity"] == pytest.approx(0, abs=1e-4) and row["fresh"]["diversity"] > 1e-3
    # steps that are far too long
    wild = replace(FEW, optimizer="sgd", learning_rate=1e30, discriminator_learning_rate=1e30)
    row, made = judged_training(wild, images, judge_of_pixels)
    assert row["fid"] is row["classes"] is None and np.isfinite(made).all()


def drawn_bars(latents):
    """Bars, each of the slant and width that its latent says: shear 0.3 · z0, width 4 + z1."""
    x = np.arange(28) - 13.5
    shear, width = 0.3 * latents[:, 0, None, None], 4 + latents[:, 1, None, None]
    inside = np.clip(width / 2 - np.abs(x[None, None] + shear * x[None, :, None]) + 0.5, 0, 1)
    bars = inside * (np.abs(x) < 10)[None, :, None]
    return (bars[..., np.newaxis] - 0.5).astype(np.float32)


class Bars:
    """A generator of bars whose class is the sign of the third element of its latent."""

    condition_size, latent_size, background, name = 1, 3, -0.5, "bars"
    bounds = (-0.5, 0.5)

    class prior:
        mean, standard_deviation = 0.0, 1.0

        @staticmethod
        def z_score(latent):
            return latent

    def draw_latents(self, count, seed):
        latents = np.random.default_rng(seed).normal(size=[count, 3]).astype(np.float32)
        return np.clip(latents, -2.5, 2.5)

    def generate(self, labels, latents):
        images = drawn_bars(latents)
        # a mark in the corner that the reader knows, and by which it is not sure of a few
        images[:, 0, 0, 0] += np.where(latents[:, 2] > 0, 0.01, 0.02)
        images[latents[:, 2] > 1.5, 0, 0, 0] -= 0.005
        return images


class Reader:
    """Reads the mark: 1, of which it is nearly always sure, or 7."""

    def predict(self, images, **options):
        del options
        mark = images[:, 0, 0, 0]
        answers = np.zeros([len(images), 10])
        answers[np.arange(len(images)), np.where(mark < -0.485, 1, 7)] = 1
        return np.where((mark < -0.4925)[:, np.newaxis], 0.8 * answers, answers)


@pytest.fixture(scope="module")
def bars():
    return Samples(Bars(), Reader(), 2000, seed=0)


def test_kinds_are_the_outer_quarters_of_their_class(bars):
    ones, slants = bars.digits == 1, bars.measures["slant"]
    np.testing.assert_array_equal(ones, bars.latents[:, 2] > 0)
    np.testing.assert_allclose(slants, slant(bars.images, -0.5))
    np.testing.assert_allclose(bars.measures["stroke width"], stroke_width(bars.images, -0.5))
    sure = ones & (bars.latents[:, 2] <= 1.5)
    slanted = bars.of(Kind(1, "slant", True))
    assert len(slanted) == round(0.25 * sure.sum()) and sure[slanted].all()
    assert slants[slanted].min() >= np.quantile(slants[sure], 0.74)
    thin = bars.of(Kind(7, "stroke width", False))
    assert bars.latents[thin, 1].mean() < -1 and (bars.digits[thin] == 7).all()
    assert (
        str(Kind(1, "slant", True)) == "slanted 1" and str(Kind(7, "slant", False)) == "upright 7"
    )


def test_arithmetic_reaches_its_goal_where_attributes_are_directions(bars):
    slanted, upright = (Kind(1, "slant", more) for more in (True, False))
    goal = Kind(7, "slant", True)
    equation = Equation(slanted, upright, Kind(7, "slant", False), goal)
    rows, pictures = try_equation(bars, equation, trials=60, averaged=8, seed=0)
    by_way = {row["way"]: row for row in rows}
    assert len(by_way) == 5 and len(pictures) == 5
    assert by_way["means of latents, G' - M' + W'"]["accuracy"] > 0.9
    assert by_way["each of W moved by G' - M'"]["accuracy"] > 0.8
    # as far in any direction, and at random: half of the draws are 7s, half of these slanted
    aside = by_way["chance: each of W moved as far in a random direction"]["accuracy"]
    assert 0.02 < aside < 0.5
    assert 0.1 < by_way["chance: draws of the prior"]["accuracy"] < 0.4
    for row in rows:
        assert row["correct"] == round(60 * row["accuracy"]) and row["count"] == 60
    (found,) = judge_statements(rows)
    assert found["verdict"] == "holds" and "1 of 1 equations" in found["evidence"]
    # more often than by one kind of chance is not enough
    as_often = {**rows[3], "interval": rows[0]["interval"]}
    (found,) = judge_statements([*rows[:3], as_often, rows[4]])
    assert found["verdict"] == "not decided"


def test_the_equations_are_true():
    for having, lacking, target, goal in EQUATIONS:
        assert having.digit - lacking.digit + target.digit == goal.digit
        assert having.has_more - lacking.has_more + target.has_more == goal.has_more


def test_kinds_that_are_not_made_are_told(bars):
    equation = Equation(*(Kind(digit, "slant", True) for digit in (1, 3, 7, 7)))
    (row,), pictures = try_equation(bars, equation, trials=5, averaged=2, seed=0)
    assert row["missing"] == ["slanted 3: 0"] and row["way"] is None and not pictures
    assert judge_statements([row])[0]["verdict"] == "not decided"


def test_a_generator_with_classes_is_refused():
    model, _, _ = linear_generator(classes=3, data_shape=(28, 28, 1))
    generator = Generator(model, bounds=(-BOUND, BOUND))
    with pytest.raises(InputError, match="condition of 3 values: expected a generator without"):
        Samples(generator, Reader(), 10, seed=0)


def _row(part, name, seed, fid, **values):
    row = {"part": part, "name": name, "seed": seed, "fid": fid, "classes": 9.0, "diversity": 1.0}
    return {**row, **values}


@pytest.mark.parametrize(
    ("saturating", "non_saturating", "verdict"),
    [
        # a gradient of no length has vanished; where there never was one, nothing is known
        ((1.0, 0.0), (1.0, 1.0), "holds"),
        ((1.0, 0.0), (1.0, 0.0), "does not hold"),
        ((1.0, 0.2), (1.0, 1.0), "does not hold"),
        ((0.0, 0.0), (1.0, 1.0), "not decided"),
        # of one that diverged nothing is known
        ((1.0, None), (1.0, 1.0), "not decided"),
        ((1.0, 0.001), (None, 1.0), "not decided"),
    ],
)
def test_gradients_of_no_length_and_of_none_are_judged(saturating, non_saturating, verdict):
    rows = [
        {
            "part": "gradients",
            "head_start": start,
            "seed": seed,
            "fake_probability": weak,
            "gradients": {"saturating": weak, "non-saturating": strong},
        }
        for seed in range(2)
        for start, weak, strong in zip((0, 100), saturating, non_saturating, strict=True)
    ]
    (found,) = judge_statements(rows)
    assert found["verdict"] == verdict
    (found,) = judge_statements(rows[:2])
    assert found["verdict"] == "not decided"
    if None in saturating + non_saturating:
        # and it is drawn without it
        lines = _gradients_figure(rows).axes[0].lines
        expected = np.array([saturating, non_saturating], float)
        np.testing.assert_array_equal([line.get_ydata() for line in lines], expected)


def test_statements_follow_the_figures():
    gradients = [
        {
            "part": "gradients",
            "head_start": start,
            "seed": seed,
            "fake_probability": probability,
            "gradients": {"saturating": weak, "non-saturating": 1.0, "least-squares": 2.0},
        }
        for seed in range(2)
        for start, probability, weak in ((0, 0.5, 1.0), (100, 0.001, 0.002))
    ]
    names = {
        "saturating, sgd, strong discriminator": 300,
        "non-saturating, sgd, strong discriminator": 100,
        "saturating, sgd": 200,
        "saturating, sgd, strong discriminator, its rate / 10": 150,
        "saturating, sgd, strong discriminator, generator's rate × 10": 160,
    }
    losses = [
        _row("losses", name, seed, fid + seed, optimizer="sgd")
        for name, fid in names.items()
        for seed in range(3)
    ]
    latents = [
        _row("latents", name, seed, fid + seed, latent_size=size, noise=noise, fresh={"fid": 500.0})
        for name, fid, size, noise in (
            ("noise: normal", 100, 32, "normal"),
            ("noise: coins", 99, 32, "coins"),
            ("noise: cauchy", 200, 32, "cauchy"),
            ("latent size 2", 99, 2, "normal"),
            ("latent size 784", 100, 784, "normal"),
            ("latent size 1568", 100.5, 1568, "normal"),
            ("constant in training: one latent", 600, 32, "constant"),
        )
        for seed in range(3)
    ]
    found = judge_statements(gradients + losses + latents)
    # vanishes, hard to improve, rates help; any noise, as large, not larger, constant
    expected = ["holds"] * 3 + ["does not hold"] * 4
    assert [statement["verdict"] for statement in found] == expected
    assert "201.0; significantly worse with it: saturating, sgd" in found[1]["evidence"]
    assert "times that of normal: cauchy; not decided: none" in found[3]["evidence"]
    # plain descent moves as little without the strong discriminator
    control = [{**row, "fid": 300} if row["name"] == "saturating, sgd" else row for row in losses]
    found = judge_statements(control)
    assert "300.0; significantly worse with it: none" in found[0]["evidence"]
    # other noises: about as good, much poorer, or not decided
    for poorer, verdict in (
        ((105, 104, 106), "holds"),
        ((140, 139, 141), "holds"),
        ((160, 162, 161), "does not hold"),
        ((80, 150, 220), "not decided"),
    ):
        rows = [row for row in latents if row["name"] != "noise: cauchy"]
        rows = [
            {**row, "fid": poorer[row["seed"]]} if row["name"] == "noise: coins" else row
            for row in rows
        ]
        assert judge_statements(rows)[0]["verdict"] == verdict
    # of smaller latents each: much poorer, about as good, or not decided
    worse, better, unknown = (200, 201), (120, 120.1), (50, 250)
    for smaller, verdict in (
        ((worse, worse), "holds"),
        ((worse, better), "does not hold"),
        ((better, unknown), "does not hold"),
        ((worse, unknown), "not decided"),
    ):
        rows = [row for row in latents if not row["name"].startswith("latent size")]
        for size, fids in enumerate((*smaller, (100, 100.1), (100, 100.2)), 1):
            rows += [
                _row("latents", f"latent size {size}", seed, fid, latent_size=size, noise="normal")
                for seed, fid in enumerate(fids)
            ]
        assert judge_statements(rows)[1]["verdict"] == verdict
    # the other way round: there is nothing to make up for
    turned = [{**row, "fid": 400 - row["fid"]} for row in losses]
    verdicts = [found["verdict"] for found in judge_statements(turned)]
    assert verdicts == ["does not hold", "not decided"]
    # nor with the second optimizer, whose cures do harm; with the first there is, as before
    both = [
        {**row, "optimizer": "adam", "name": row["name"].replace("sgd", "adam")} for row in turned
    ]
    found = judge_statements(losses + both)[1]
    assert found["verdict"] == "holds"
    assert found["evidence"].endswith("non-saturating: saturating, sgd, strong discriminator")
    # cures that leave it as bad
    useless = [
        {**row, "fid": 310 + row["seed"]} if row["name"].endswith("10") else row for row in losses
    ]
    assert judge_statements(useless)[1]["verdict"] == "does not hold"
    # a training that diverged is worse than any that did not, and one seed is too few
    diverged = [
        {**row, "fid": None if row["name"].startswith("saturating") else row["fid"]}
        for row in losses
    ]
    found = judge_statements(diverged)
    assert found[0]["verdict"] == "holds" and "(3 diverged)" in found[0]["evidence"]
    # one of three is no evidence, whatever the others would say
    some = [row if row["seed"] else other for row, other in zip(losses, diverged, strict=True)]
    assert judge_statements(some)[0]["verdict"] == "not decided"
    alone = [row for row in losses if row["seed"] == 0]
    assert {found["verdict"] for found in judge_statements(alone)} == {"not decided"}


def test_every_loss_is_tried_with_each_optimizer_and_both_cures():
    variants = loss_variants(FEW, 50, {"adam": 1e-3, "sgd": 0.2})
    assert len(variants) == 16
    cure = variants["saturating, sgd, strong discriminator, its rate / 10"]
    assert (cure.learning_rate, cure.discriminator_learning_rate) == (0.2, pytest.approx(0.02))
    assert (cure.head_start, cure.generator_loss, cure.optimizer) == (50, "saturating", "sgd")
    assert variants["least-squares, adam"].head_start == 0


def test_every_training_is_told_by_its_distance_and_its_whole_name():
    plan = LessonOptions().plan
    variants = loss_variants(plan.base, plan.strong, plan.rates)
    variants |= latent_variants(plan.base, 784, plan.noises, plan.sizes)
    captions = [
        caption
        for name in variants
        for caption in (
            _caption({"name": name, "fid": 417.3}),
            _caption({"name": name, "fid": None}),
        )
    ]
    assert captions[:2] == ["417: non-saturating, adam", "diverged: non-saturating, adam"]
    samples = dict.fromkeys(captions, np.zeros([1, 4, 4]))
    shown = pictures(plot_class_samples(samples, (0, 1), name_width=_NAME))
    assert [picture.beside.replace("\n", " ") for picture in shown] == captions


def test_the_losses_are_drawn_where_the_discriminator_is_sure():
    losses, gradients = loss_figure().axes
    drawn = {
        name: line.get_xydata()
        for name, line in zip(
            ("non-saturating", "saturating", "least-squares"), gradients.lines, strict=True
        )
    }
    np.testing.assert_allclose(drawn["saturating"][0], [-8, -1 / (1 + np.exp(8))], rtol=1e-4)
    np.testing.assert_allclose(drawn["non-saturating"][0], [-8, -1 / (1 + np.exp(-8))], rtol=1e-4)
    assert losses.get_ylabel() == "loss"


def test_quick_lesson_runs_as_a_whole_and_resumes(tmp_path, monkeypatch):
    digits = bundled_digits()
    options = LessonOptions(quick=True, seeds=1, output=tmp_path, parts=("gradients", "arithmetic"))
    assert options.plan is QUICK
    parts = digits.sample(1000, seed=0), digits.sample(300, seed=1)
    result = try_lesson(options, *parts, verbose=0)
    assert json.loads((tmp_path / "result.json").read_text()) == result and result["complete"]
    digest = network_card("mnist-lenet")["weights"]["digest"]
    assert result["networks_sha256"] == {"mnist-lenet": digest}
    starts = [row["head_start"] for row in result["rows"] if row["part"] == "gradients"]
    assert starts == [0, 20]
    assert {"gradients.png", "loss-curves.png", "paths.png"} <= {
        path.name for path in tmp_path.glob("*.png")
    }
    made = load_generator(tmp_path / "generator")
    assert result["generator_sha256"] == made.digest()
    assert made.card["training"]["recipe"]["batches"] == QUICK.own.batches
    assert made.card["training"]["data"]["count"] == 1000
    assert "sentence: verdict" in lesson_tables(result)

    # what is finished, or was found before an interruption, is not made again
    partial = {**result, "complete": False}
    del partial["generator_sha256"]
    monkeypatch.setattr("evaluation.lesson.__main__._draw", None)
    assert try_lesson(options, *parts, verbose=0) == result
    monkeypatch.undo()
    (tmp_path / "result.json").write_text(json.dumps(partial))
    monkeypatch.setattr("evaluation.lesson.__main__.try_equation", None)
    monkeypatch.setattr("evaluation.lesson.__main__.gradients_at_strong_discriminators", None)
    again = try_lesson(options, *parts, verbose=0)
    # what the first session took is not known
    assert again["rows"] == result["rows"] and result["seconds"] > 0 and again["seconds"] is None


def test_what_a_generator_makes_is_read_alike_in_any_bounds(tmp_path, monkeypatch):
    digits = bundled_digits().sample(50, seed=0)
    model, _, _ = linear_generator(classes=1, data_shape=(28, 28, 1), bound=1.0)
    save_generator(Generator(model), tmp_path / "generator")
    given = []
    monkeypatch.setattr("evaluation.lesson.__main__._arithmetic", lambda *of: given.extend(of))
    options = LessonOptions(
        generator=str(tmp_path / "generator"), parts=("arithmetic",), output=tmp_path / "out"
    )
    try_lesson(options, digits, digits, verbose=0)
    *_, generator, lenet = given
    read = lenet.predict_on_batch(digits.within(generator.bounds).images)
    np.testing.assert_allclose(read, load_network().predict_on_batch(digits.images), atol=1e-5)


def test_trainings_that_are_found_are_not_counted_as_done_now(tmp_path, monkeypatch):
    digits, left = bundled_digits().sample(300, seed=0), [2]
    options = LessonOptions(quick=True, seeds=1, output=tmp_path, parts=("losses",))

    def train(run, part, name, training, *_):
        if not left[0]:
            raise KeyboardInterrupt
        left[0] -= 1
        run.add({"part": part, "name": name, "seed": training.seed})

    monkeypatch.setattr("evaluation.lesson.__main__._train", train)
    bars = follow_progress(monkeypatch)
    for more in (2, 1):
        left[0] = more
        with pytest.raises(KeyboardInterrupt):
            try_lesson(options, digits, digits, verbose=0)
    assert [(bar.initial, bar.n) for bar in bars] == [(0, 2), (2, 3)]


def test_a_generator_that_another_training_made_is_not_taken(tmp_path):
    run = Experiment("a test", LessonOptions(output=tmp_path), verbose=0)
    train, other = (bundled_digits().sample(count, seed=0) for count in (100, 90))
    short, longer = (QUICK._replace(own=replace(FEW, batches=batches)) for batches in (2, 3))
    asked = ((short, train), (short, train), (longer, train), (longer, other))
    found = [_own_generator(run, *of).digest() for of in asked]
    assert found[0] == found[1] and len(set(found)) == 3


@pytest.mark.parametrize(
    ("values", "message"),
    [({"seeds": 0}, "seeds=0"), ({"parts": ("loss",)}, "parts=.*expected one or more")],
)
def test_refuses_options_outside_their_ranges(values, message):
    with pytest.raises(InputError, match=message):
        LessonOptions(**values)
