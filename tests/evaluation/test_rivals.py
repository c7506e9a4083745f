"""Rivals are measured on the same images, and the same search elsewhere is the same search."""

import functools
import json
from dataclasses import replace

import keras
import numpy as np
import pytest
from sklearn.neighbors import KNeighborsClassifier

import evaluation.rivals.__main__ as rivals
from evaluation.rivals.__main__ import RivalsOptions, compare_rivals
from evaluation.rivals.contestants import Contestant, ContestantProcess, RivalError
from evaluation.rivals.ported import LAYERS, Network, Problem, why_not_ported
from evaluation.statistics import paired_interval
from igc_tf.classifiers import InvertedGeneratorClassifier, load_network, network_card
from igc_tf.data import add_gaussian_noise, bundled_digits
from igc_tf.errors import InputError
from igc_tf.generators import Generator
from igc_tf.generators.activation_gan import CAGAN_SIZES, build_generator
from igc_tf.generators.encoder import EncoderSize, build_encoder
from igc_tf.generators.store import save_generator
from igc_tf.search import SearchSettings
from tests.fixtures.linear_generator import linear_generator

TINY = replace(CAGAN_SIZES["compact"], generator_filters=4, hidden_units=(12,))
SETTINGS = SearchSettings(steps=6, learning_rate=0.02, final_learning_rate=0.002)
FAST = replace(SETTINGS, steps=0, start="encoder")
# the encoder says which classes are searched
BEST = replace(SETTINGS, steps=3, start="encoder", plan=((0, 4), (3, None)))
DIGITS = bundled_digits().sample(600, seed=0)


@pytest.fixture(scope="module")
def generator():
    """A small one of the compact architecture, and an encoder, their weights drawn at random."""
    keras.utils.set_random_seed(0)
    size = EncoderSize(convolutions=((4, 5, 2), (3, 3, 1)), features=12, hidden_units=8)
    encoder = build_encoder(size, 10, (28, 28, 1), latent_size=5)
    # a trained encoder's latents lie far from the origin
    encoder.layers[-1].set_weights([100 * weight for weight in encoder.layers[-1].get_weights()])
    return Generator(build_generator(TINY, 10, (28, 28, 1), latent_size=5), encoder=encoder)


@pytest.fixture(scope="module")
def classified(generator):
    """What the library makes of a few digits, by settings."""

    @functools.cache
    def classified(settings):
        return InvertedGeneratorClassifier(generator, settings).classify(DIGITS.images[:11])

    return classified


def _search(framework, generator, settings):
    """A search in another framework, if it is installed."""
    pytest.importorskip(framework)
    problem = Problem.of(generator, settings)
    if framework == "torch":
        from evaluation.rivals.torch_search import TorchSearch

        # eagerly: a test need not wait for a compiler
        return TorchSearch(problem, compiled=False)
    from evaluation.rivals.jax_search import JaxSearch

    return JaxSearch(problem)


@pytest.mark.parametrize("framework", ["torch", "jax"])
@pytest.mark.parametrize(
    "settings",
    [
        SETTINGS,
        replace(SETTINGS, decision="deformation", restriction_weight=0.3),
        FAST,
        replace(FAST, decision="deformation", contenders=3),
        BEST,
        replace(BEST, decision="deformation", contenders=2),
    ],
    ids=["paper", "deformation", "fast", "fast-contenders", "best", "best-contenders"],
)
@pytest.mark.filterwarnings("ignore::igc_tf.errors.ForeignDataWarning")
def test_the_same_search_in_another_framework(framework, settings, generator, classified):
    search = _search(framework, generator, settings)
    # the last batch is smaller than the other
    search.at_once = 8
    scores, differences = search(DIGITS.images[:11])
    ours = classified(settings)
    np.testing.assert_allclose(differences, ours.differences, atol=1e-5)
    np.testing.assert_allclose(scores, ours.scores, atol=1e-5)
    dropped = 0 if settings.plan is None else 10 - settings.plan[0][1]
    assert (np.isnan(differences).sum(axis=1) == dropped).all()
    # it matters where the search starts, and whether steps are taken
    for other in ({"start": "mean"}, {"steps": 0, "plan": None}):
        elsewhere = replace(settings, **other)
        if elsewhere != settings:
            other_differences = classified(elsewhere).differences
            assert np.nanmax(np.abs(other_differences - differences)) > 1e-4


@pytest.mark.parametrize("framework", ["torch", "jax"])
def test_a_search_in_another_framework_begins_where_it_is_told(framework, generator):
    search = _search(framework, generator, replace(SETTINGS, steps=0))
    starts = np.random.default_rng(0).normal(size=[3, 10, 5]).astype(np.float32)
    scores, differences = search(DIGITS.images[:3], starts)
    condition = np.tile(np.eye(10, dtype=np.float32), [3, 1])
    expected = generator({"condition": condition, "latent": starts.reshape(-1, 5)}).numpy()
    off = np.abs(expected.reshape(3, 10, 28, 28, 1) - DIGITS.images[:3, None])
    np.testing.assert_allclose(differences, off.mean(axis=(2, 3, 4)), atol=1e-5)
    np.testing.assert_array_equal(scores, -differences)


def test_settings_that_are_not_written_for_it_are_told():
    assert why_not_ported(SearchSettings()) is None
    assert why_not_ported(replace(SETTINGS, decision="deformation", steps=3)) is None
    assert why_not_ported(replace(SETTINGS, optimizer="momentum")).startswith("optimizer='mom")
    assert why_not_ported(BEST) is None
    # the starts are to be compared, once
    for plan in ((6, 3),), ((1, 3), (5, None)), ((0, 3), (6, 2)), ((0, 5), (0, 3), (6, None)):
        assert why_not_ported(replace(SETTINGS, plan=plan)).startswith(f"plan={plan!r} is not")


def test_layers_that_are_not_written_for_it_are_told(generator):
    keras.utils.set_random_seed(0)
    size = replace(CAGAN_SIZES["paper"], generator_filters=4, convolutions=1)
    with pytest.raises(InputError, match=r"layer Concatenate: expected only \('Activation'"):
        Network.of(build_generator(size, 10, (28, 28, 1), latent_size=5))
    condition = keras.Input([10])
    with pytest.raises(InputError, match=r"layer Tanh: expected only \('Activation'"):
        Network.of(keras.Model(condition, keras.ops.tanh(condition)))
    problem, kinds = Problem.of(generator, FAST), set()
    assert set(problem.generator.inputs) == {"condition", "latent"}
    assert set(problem.encoder.inputs) == {"data", "condition"}
    assert Problem.of(generator, SETTINGS).encoder is None
    for network, model in (
        (problem.generator, generator.model),
        (problem.encoder, generator.encoder),
    ):
        kinds |= {step.kind for step in network.steps}
        weights = sum(weight.size for step in network.steps for weight in step.weights)
        assert weights == model.count_params()
    assert kinds == set(LAYERS)


@pytest.fixture
def options(generator, tmp_path):
    save_generator(generator, tmp_path / "own", settings={"fast": FAST.to_dict()})
    return RivalsOptions(
        generator=str(tmp_path / "own"),
        settings=("fast",),
        networks=("mnist-lenet",),
        without=("cnn", "torch", "jax"),
        images=20,
        sigma=(0.0, 0.4),
        batches=(1, 7),
        rounds=1,
        output=tmp_path / "out",
    )


def _compare(options, start=Contestant):
    parts = DIGITS.take(np.arange(500)), DIGITS.take(np.arange(500, 600))
    return compare_rivals(options, parts, verbose=0, start=start)


@pytest.mark.filterwarnings("ignore::igc_tf.errors.ForeignDataWarning")
def test_all_read_the_same_images_and_are_compared_one_by_one(generator, options):
    result = _compare(options)
    assert json.loads((options.output / "result.json").read_text()) == result
    images = DIGITS.take(np.arange(500, 600)).sample(20, options.seed)
    known = KNeighborsClassifier(1).fit(DIGITS.images[:500].reshape(500, -1), DIGITS.labels[:500])
    ours = InvertedGeneratorClassifier(generator, FAST)
    for sigma in options.sigma:
        noised = add_gaussian_noise(images.images, sigma, options.seed)
        rows = {row["name"]: row for row in result["rows"] if row["sigma"] == sigma}
        answers = {
            "mnist-lenet": load_network().predict(noised, verbose=0).argmax(axis=1),
            "nearest neighbour": known.predict(noised.reshape(20, -1)),
            "library, fast": ours.classify(noised).predictions,
        }
        right = {name: answer == images.labels for name, answer in answers.items()}
        assert {name: row["correct"] for name, row in rows.items()} == {
            name: answer.sum() for name, answer in right.items()
        }
        assert "library_ahead_by" not in rows["library, fast"]
        for name in ("mnist-lenet", "nearest neighbour"):
            ahead, ours_right = rows[name]["library_ahead_by"], right["library, fast"]
            counts = (ours_right & ~right[name]).sum(), (right[name] & ~ours_right).sum()
            assert (ahead["library_only"], ahead["rival_only"]) == counts
            assert ahead["difference"] == pytest.approx(ours_right.mean() - right[name].mean())
            assert ahead["interval"] == pytest.approx(paired_interval(*counts, 20))
    for cost in result["costs"].values():
        assert cost["start_seconds"] > 0 and cost["peak_bytes"] > 1e7
        assert set(cost["images_per_second"]) == {"1", "7"}
    assert result["left_out"] == {} and result["agreement"] == {}
    digest = network_card("mnist-lenet")["weights"]["digest"]
    assert result["networks_sha256"] == {"mnist-lenet": digest}


@pytest.mark.filterwarnings("ignore::igc_tf.errors.ForeignDataWarning")
def test_networks_are_asked_and_noise_is_added_in_the_bounds_of_the_generator(options, tmp_path):
    model = linear_generator(classes=10, data_shape=(28, 28, 1), bound=None)[0]
    made = keras.layers.Activation("sigmoid")(model.outputs[0])
    made = keras.layers.Rescaling(40.0, offset=-40.0)(made)
    wide = Generator(keras.Model(model.inputs, made), bounds=(-40, 0))
    settings = {"few": replace(SETTINGS, steps=1).to_dict()}
    save_generator(wide, tmp_path / "wide", settings=settings)
    options = replace(
        options,
        generator=str(tmp_path / "wide"),
        settings=("few",),
        without=("cnn", "nearest", "torch", "jax"),
        batches=(1,),
    )
    digits = DIGITS.sample(100, seed=0)
    data = [digits.within(wide.bounds)] * 2
    result = compare_rivals(options, data, verbose=0, start=Contestant)
    images = digits.sample(20, options.seed)
    for sigma in options.sigma:
        noised = add_gaussian_noise(images.images, sigma, options.seed)
        is_right = load_network().predict(noised, verbose=0).argmax(axis=1) == images.labels
        rows = {row["name"]: row for row in result["rows"] if row["sigma"] == sigma}
        assert rows["mnist-lenet"]["correct"] == is_right.sum()


def test_the_cnn_of_a_run_is_known_before_anything_is_measured(options, monkeypatch):
    def trained(recipe, directory, **_):
        assert recipe.network == "cnn"
        directory.mkdir(parents=True)
        load_network("mnist-lenet-fair").save(directory / "network.keras")

    def begun(program, options, facts, verbose):
        names = {"mnist-lenet": "mnist-lenet", "cnn": "mnist-lenet-fair"}
        assert facts["networks_sha256"] == {
            name: network_card(network)["weights"]["digest"] for name, network in names.items()
        }
        raise KeyboardInterrupt

    monkeypatch.setattr(rivals, "train_network", trained)
    monkeypatch.setattr(rivals, "Experiment", begun)
    with pytest.raises(KeyboardInterrupt):
        _compare(replace(options, without=("nearest", "torch", "jax")))


@pytest.mark.filterwarnings("ignore::igc_tf.errors.ForeignDataWarning")
def test_a_search_elsewhere_that_answers_otherwise_is_left_out(options, monkeypatch):
    monkeypatch.setattr(rivals.importlib.util, "find_spec", lambda name: name == "torch" or None)

    class Elsewhere(Contestant):
        """The library's search, but for what torch is said to answer."""

        def __init__(self, spec):
            super().__init__(library)
            answer, shifted = self._answer, shift if spec["kind"] == "torch" else 0

            def answered(images):
                found = answer(images)
                return {**found, "predictions": (found["predictions"] + shifted) % 10}

            self._answer = answered

    options = replace(options, networks=(), without=("cnn", "nearest"), sigma=(0.0,), batches=(1,))
    library = {"kind": "library", "generator": options.generator, "settings": "fast"}
    shift = 0
    result = _compare(options, Elsewhere)
    agreed = result["agreement"]["torch, fast"]
    assert agreed == {"images": 20, "same_predictions": 20, "largest_difference": 0.0}
    assert "torch, fast" in result["costs"] and len(result["rows"]) == 1
    # the other one is not installed, and that is said
    assert result["left_out"]["jax, fast"].startswith("jax is not installed: pip install")
    shift = 1
    result = _compare(replace(options, output=options.output / "again"), Elsewhere)
    assert "only 0 of 20" in result["left_out"]["torch, fast"]


def test_a_contestant_answers_from_a_process_of_its_own(tmp_path):
    np.savez(tmp_path / "train.npz", images=DIGITS.images[:50], labels=DIGITS.labels[:50])
    np.save(tmp_path / "images.npy", DIGITS.images[:5])
    contestant = ContestantProcess({"kind": "nearest", "train": str(tmp_path / "train.npz")})
    try:
        contestant.answer(tmp_path / "images.npy", tmp_path / "found.npz")
        found = np.load(tmp_path / "found.npz")["predictions"]
        np.testing.assert_array_equal(found, DIGITS.labels[:5])
        assert contestant.rate(tmp_path / "images.npy", 3, 0.01)["images_per_second"] > 0
        # of that process alone, which has no TensorFlow
        assert 1e7 < contestant.memory()["bytes"] < 3e8
        with pytest.raises(RivalError, match=r"FileNotFoundError.*nowhere\.npy"):
            contestant.answer(tmp_path / "nowhere.npy")
    finally:
        contestant.close()


def test_refuses_what_it_does_not_know():
    with pytest.raises(InputError, match=r"settings=\(\)"):
        RivalsOptions(settings=())
    for networks in (("mnist-lenet", "runs/mine/mnist-lenet"), ("mnist-lenet", "runs/cnn")):
        with pytest.raises(InputError, match="expected another name for each"):
            RivalsOptions(networks=networks)
    with pytest.raises(InputError, match="'quick': expected one of"):
        compare_rivals(RivalsOptions(settings=("quick",)), verbose=0)
